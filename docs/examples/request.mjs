// Ask, work, settle: plain NATS and JSON, no SDK. The agent is one of `bursar agent add`.
import { readFileSync } from 'node:fs';
import { connect, headers, nkeyAuthenticator } from 'nats';

const [agent, team] = ['alice', 'acme'];
const data = process.env.BURSAR_DATA ?? '.bursar';
const seed = readFileSync(`${data}/keys/agents/${agent}.nk`, 'utf8').trim();
const nc = await connect({
  servers: process.env.BURSAR_URL ?? 'nats://127.0.0.1:4333',
  inboxPrefix: `_INBOX_${agent}`,
  authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
});
const json = headers();
json.set('Content-Type', 'application/json');
const ask = async (op, command) =>
  (
    await nc.request(`bursar.req.${agent}.${team}.${op}`, JSON.stringify(command), {
      headers: json,
    })
  ).json();

const path = 'acme/research/run-1/step-1';
console.log(await ask('request', { id: 'r-1', path, items: { credits: { amount: 50_000 } } }));
console.log(await ask('settle', { allocation: 'r-1', actual: { credits: 31_200 } }));
await nc.close();
