import type { NatsConnection } from 'nats';
import type { StoredMessage } from './ledger.ts';
import { LedgerFullError, LedgerRefusedError, LedgerUnavailableError } from './ledger-errors.ts';
import { ConnectionWatch } from './ledger-jetstream-connection.ts';
import { publishOnce } from './ledger-jetstream-publish.ts';
import type { PublishReply } from './log-transport.ts';

/** Messages that wait for their ack at the same time; a bound on memory, 1 MiB each at most. */
const IN_FLIGHT_MAX = 64;
const PUBLISH_TIMEOUT_MS = 30_000;

interface Sent {
  readonly message: StoredMessage;
  readonly reply: Promise<PublishReply>;
}

/**
 * Writes messages of a log that was lost into streams that are new, each with its own bytes, id and
 * fence and at its own sequence, so that every hash and signature in them holds as before. Only the
 * broker's time of storing is another. The first message that does not get its sequence ends it.
 *
 * @param messages shard after shard, each from 1 on without gaps; they are verified already
 * @param onStored told of each message that is durable
 * @throws LedgerFullError, LedgerRefusedError, LedgerUnavailableError, and what `messages` throws
 */
export async function restoreMessages(
  connection: NatsConnection,
  messages: AsyncIterable<StoredMessage>,
  onStored: (message: StoredMessage) => void,
): Promise<void> {
  const watch = new ConnectionWatch(connection);
  const epochSeqs = new Map<number, number>();
  const inFlight: Sent[] = [];
  const settleOldest = async () => {
    const oldest = inFlight.shift();
    if (oldest === undefined) return;
    requireStored(oldest.message, await oldest.reply);
    onStored(oldest.message);
  };
  for await (const message of messages) {
    if (inFlight.length === IN_FLIGHT_MAX) await settleOldest();
    const { shard, seq, kind } = message;
    inFlight.push({ message, reply: publish(watch, message, epochSeqs.get(shard) ?? 0) });
    if (kind === 'epoch') epochSeqs.set(shard, seq);
  }
  while (inFlight.length > 0) await settleOldest();
}

function publish(
  watch: ConnectionWatch,
  { shard, seq, kind, msgId, bytes }: StoredMessage,
  expectedEpochSeq: number,
): Promise<PublishReply> {
  if (msgId === undefined) {
    const cause = new Error(`message ${seq} has no id, so no owner wrote it`);
    return Promise.resolve({ kind: 'refused', cause });
  }
  const fence =
    kind === 'block' ? { expectedEpochSeq, expectedSeq: seq - 1 } : { expectedEpochSeq };
  return publishOnce(watch, { shard, kind, msgId, bytes, ...fence }, PUBLISH_TIMEOUT_MS);
}

function requireStored({ shard, seq }: StoredMessage, reply: PublishReply): void {
  if (reply.kind === 'ack' && reply.seq === seq) return;
  if (reply.kind === 'full') throw new LedgerFullError(shard);
  if (reply.kind === 'unavailable' || reply.kind === 'unknown') {
    throw new LedgerUnavailableError(shard, reply.cause);
  }
  if (reply.kind === 'refused') throw new LedgerRefusedError(shard, reply.cause);
  const got = reply.kind === 'ack' ? `it got ${reply.seq}` : `the broker answered ${reply.kind}`;
  throw new LedgerRefusedError(shard, new Error(`message ${seq} is not at its place: ${got}`));
}
