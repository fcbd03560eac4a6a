import { headers, type MsgHdrs, NatsError } from 'nats';
import { type ConnectionWatch, DisconnectedError } from './ledger-jetstream-connection.ts';
import { logNames } from './log-names.ts';
import type { Publish, PublishReply } from './log-transport.ts';

/** One try, with the whole fence. Never throws. */
export async function publishOnce(
  watch: ConnectionWatch,
  publish: Publish,
  timeoutMs: number,
): Promise<PublishReply> {
  if (watch.connection.isClosed()) {
    return { kind: 'refused', cause: new DisconnectedError('the connection was closed') };
  }
  if (!watch.isConnected) {
    return { kind: 'unavailable', cause: new DisconnectedError('the broker cannot be reached') };
  }
  const subject = logNames.subject(publish.shard, publish.kind);
  try {
    const answer = await watch.whileConnected(() =>
      watch.connection.request(subject, publish.bytes, {
        timeout: timeoutMs,
        headers: fenceHeaders(publish),
      }),
    );
    return replyOf(answer.json<PublishAnswer>());
  } catch (cause) {
    return replyOfError(cause);
  }
}

/**
 * Every message names the stream, its id, the newest epoch and, blocks, the last sequence. A block is
 * checked against the epoch's subject, not its own. `Nats-Expected-Last-Msg-Id` must never be sent:
 * a wrong one leaves a replicated stream of nats-server 2.15.1 without a leader for good.
 */
function fenceHeaders(publish: Publish): MsgHdrs {
  const { shard, kind, msgId, expectedEpochSeq, expectedSeq } = publish;
  const fence = headers();
  fence.set('Nats-Msg-Id', msgId);
  fence.set('Nats-Expected-Stream', logNames.stream(shard));
  fence.set('Nats-Expected-Last-Subject-Sequence', String(expectedEpochSeq));
  if (kind === 'block') {
    fence.set('Nats-Expected-Last-Subject-Sequence-Subject', logNames.subject(shard, 'epoch'));
  }
  if (expectedSeq !== undefined) fence.set('Nats-Expected-Last-Sequence', String(expectedSeq));
  return fence;
}

interface PublishAnswer {
  readonly seq?: number;
  readonly error?: {
    readonly code: number;
    readonly err_code?: number;
    readonly description?: string;
  };
}

/** JetStream's `err_code`s that mean something of their own here. */
const WRONG_LAST_SEQUENCE = 10071;
const BUSY: ReadonlySet<number> = new Set([
  10158, // the same message id is being stored
  10164, // another fenced message is in flight (three replicas)
]);
const FULL: ReadonlySet<number> = new Set([
  10002, // the account's limit
  10023, // the server's resources
  10047, // the server's storage
  10077, // the stream's max_bytes
]);

function replyOf(answer: PublishAnswer): PublishReply {
  const { error, seq } = answer;
  if (error === undefined) {
    if (seq !== undefined) return { kind: 'ack', seq };
    return { kind: 'unknown', cause: new Error('the broker answered without a sequence') };
  }
  const errorCode = error.err_code ?? 0;
  if (errorCode === WRONG_LAST_SEQUENCE) return { kind: 'wrongSequence' };
  if (BUSY.has(errorCode)) return { kind: 'busy' };
  if (FULL.has(errorCode)) return { kind: 'full' };
  const cause = new Error(`${error.description ?? 'no reason given'} (${errorCode})`);
  return { kind: error.code === 503 ? 'unavailable' : 'refused', cause };
}

const NEVER_SENT: ReadonlySet<string> = new Set([
  'PERMISSIONS_VIOLATION',
  'MAX_PAYLOAD_EXCEEDED',
  'CONNECTION_CLOSED',
  'CONNECTION_DRAINING',
]);

function replyOfError(cause: unknown): PublishReply {
  if (cause instanceof NatsError) {
    if (cause.code === '503') return { kind: 'unavailable', cause };
    if (NEVER_SENT.has(cause.code)) return { kind: 'refused', cause };
  }
  return { kind: 'unknown', cause };
}
