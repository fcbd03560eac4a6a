// All emergencies of a team that the stream still has (30 days), oldest first: plain NATS, as auditor.
// node docs/examples/emergencies-missed.mjs [after this sequence of the stream]
import { readFileSync } from 'node:fs';
import { connect, nkeyAuthenticator } from 'nats';

const team = 'acme';
const data = process.env.BURSAR_DATA ?? '.bursar';
const seed = readFileSync(`${data}/keys/auditor.nk`, 'utf8').trim();
const nc = await connect({
  servers: process.env.BURSAR_URL ?? 'nats://127.0.0.1:4333',
  inboxPrefix: '_INBOX_auditor',
  authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
});
const seen = new Set();
for (let seq = Number(process.argv[2] ?? 0) + 1; ; ) {
  const next = JSON.stringify({ seq, next_by_subj: `bursar.emergency.${team}.>` });
  const message = await nc.request('$JS.API.DIRECT.GET.EMERGENCIES', next);
  if (message.headers.code === 404) break;
  const { kind, path, detail, id } = message.json();
  // The same emergency has the same id, should it have been stored twice.
  seq = Number(message.headers.get('Nats-Sequence'));
  if (!seen.has(id)) console.log(`${seq} ${kind} ${path}: ${detail} (${id})`);
  seen.add(id);
  seq += 1;
}
await nc.close();
