import { type Msg, RequestStrategy } from 'nats';
import type { StoredMessage } from './ledger.ts';
import type { ConnectionWatch } from './ledger-jetstream-connection.ts';
import { kindOfSubject, logNames } from './log-names.ts';

/** Messages and bytes asked for at a time: enough for full speed, and a bound on memory. */
export const BATCH_MESSAGES_MAX = 256;
const BATCH_BYTES_MAX = 4 * 1024 * 1024;
const NO_MESSAGE_STATUS = 404;
const END_OF_BATCH_STATUS = 204;

/**
 * One batch of messages from `fromSeq` on by a direct get, which needs no consumer: nothing is left
 * on the server, and nobody gets to choose a subject to which the log is delivered. Ends at the first
 * gap, at the end of the batch, or when nothing more came for `timeoutMs`.
 *
 * @returns whether the broker said that the log ends here
 */
export async function* readBatch(
  watch: ConnectionWatch,
  shard: number,
  fromSeq: number,
  messagesMax: number,
  timeoutMs: number,
): AsyncGenerator<StoredMessage, boolean> {
  const request = { seq: fromSeq, batch: messagesMax, max_bytes: BATCH_BYTES_MAX };
  const answers = await watch.connection.requestMany(
    `$JS.API.DIRECT.GET.${logNames.stream(shard)}`,
    JSON.stringify(request),
    { strategy: RequestStrategy.SentinelMsg, maxWait: timeoutMs },
  );
  const iterator = answers[Symbol.asyncIterator]();
  let nextSeq = fromSeq;
  for (;;) {
    const step = await watch.whileConnected(() => iterator.next());
    if (step.done === true) return false;
    if (step.value instanceof Error) throw step.value;
    const status = step.value.headers?.code ?? 0;
    if (status !== 0) return isLogEnd(step.value, status);
    const message = toStoredMessage(shard, step.value);
    if (message?.seq !== nextSeq) return false;
    nextSeq += 1;
    yield message;
  }
}

function isLogEnd(answer: Msg, status: number): boolean {
  if (status === NO_MESSAGE_STATUS) return true;
  if (status === END_OF_BATCH_STATUS) return answer.headers?.get('Nats-Num-Pending') === '0';
  throw new Error(`the broker answered ${status} ${answer.headers?.description ?? ''}`);
}

function toStoredMessage(shard: number, { headers, data }: Msg): StoredMessage | undefined {
  const kind = kindOfSubject(headers?.get('Nats-Subject') ?? '');
  if (headers === undefined || kind === undefined) return undefined;
  const msgId = headers.get('Nats-Msg-Id');
  return {
    shard,
    seq: Number(headers.get('Nats-Sequence')),
    kind,
    msgId: msgId === '' ? undefined : msgId,
    storedAtMs: Date.parse(headers.get('Nats-Time-Stamp')),
    bytes: data,
  };
}
