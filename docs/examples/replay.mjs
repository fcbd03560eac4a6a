// Replay an export of the log: who spent what, and why was who refused. No key, no server.
// bursar audit export log.jsonl && node docs/examples/replay.mjs log.jsonl
import { readFileSync } from 'node:fs';
import { decode } from '@msgpack/msgpack';

const spentBy = new Map();
for (const line of readFileSync(process.argv[2], 'utf8').trim().split('\n')) {
  const message = JSON.parse(line);
  if (message.kind !== 'block') continue;
  const { events } = decode(decode(Buffer.from(message.data, 'base64')).body);
  for (const [index, event] of events.entries()) {
    const at = `${message.shard}:${message.seq}:${index} ${new Date(event.atMs).toISOString()}`;
    if (event.type === 'RequestDenied')
      console.log(at, event.id, event.reason, event.rule, event.factors);
    if (event.type !== 'AllocationEnded') continue;
    spentBy.set(event.by, (spentBy.get(event.by) ?? 0) + (event.booked.credits ?? 0));
  }
}
console.log('microcredits spent, by who settled:', Object.fromEntries(spentBy));
