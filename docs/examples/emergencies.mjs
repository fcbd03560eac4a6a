// Hear every emergency of a team: plain NATS. Ctrl-C ends it.
import { readFileSync } from 'node:fs';
import { connect, nkeyAuthenticator } from 'nats';

const [agent, team] = ['alice', 'acme'];
const data = process.env.BURSAR_DATA ?? '.bursar';
const seed = readFileSync(`${data}/keys/agents/${agent}.nk`, 'utf8').trim();
const nc = await connect({
  servers: process.env.BURSAR_URL ?? 'nats://127.0.0.1:4333',
  inboxPrefix: `_INBOX_${agent}`,
  authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
});
for await (const message of nc.subscribe(`bursar.emergency.${team}.>`)) {
  const emergency = message.json();
  // Anybody can name any subject as his reply subject: only a message that names its own counts.
  if (emergency.subject !== message.subject) continue;
  console.log(`${emergency.kind} ${emergency.path}: ${emergency.detail} (${emergency.id})`);
}
