// Hear of everything that concerns an agent and its team, nothing missed: the client.
import { connect } from '../../client/client.ts';

const data = process.env['BURSAR_DATA'] ?? '.bursar';
const bursar = await connect({
  url: process.env['BURSAR_URL'] ?? 'nats://127.0.0.1:4333',
  agent: 'alice',
  team: 'acme',
  keyFile: `${data}/keys/agents/alice.nk`,
});
const since = Number(process.argv[2] ?? 0); // position of the newest that was seen to before
bursar.onEmergency(
  ({ kind, path, detail, seq, id }) => console.log(`${seq} ${kind} ${path}: ${detail} (${id})`),
  { since },
);
bursar.onNotice(({ kind, id, path, allocations = [] }) => {
  console.log(`to me: ${kind} ${id} ${allocations.join(' ')}`);
  // Work under `withAllocation` ends, settles and acknowledges by itself.
  return kind === 'stop' && path ? bursar.acknowledgeStop(path, id) : undefined;
});
bursar.onSilence(({ isSilent, forMs }) =>
  console.log(isSilent ? `nobody governs for ${forMs} ms` : `governed again after ${forMs} ms`),
);
