import assert from 'node:assert/strict';
import type { AppendOutcome, AppendRequest, ShardClaim, StoredMessage } from './ledger.ts';
import { LedgerRefusedError, LogRegressedError } from './ledger-errors.ts';
import type { LedgerLimits } from './ledger-limits.ts';
import type { LogTransport, PublishReply } from './log-transport.ts';
import { sameBytes } from './signing.ts';

/**
 * Appends one block until its fate is known or the deadline is over.
 *
 * A lost ack says nothing about the block, and "wrong last sequence" after a retry does not say that
 * the shard is lost: the first try may be what took the sequence. So the place after `expectedSeq`
 * is read back and decides. Sending again is safe at any time: all tries carry the same expected
 * sequence, the same epoch and the same id, so at most one of them can be stored.
 */
export async function settleAppend(
  transport: LogTransport,
  claim: ShardClaim,
  request: AppendRequest,
  limits: LedgerLimits,
): Promise<AppendOutcome> {
  const { shard } = claim;
  const deadlineMs = transport.nowMs() + limits.settleDeadlineMs;
  let mayBeStored = false;
  for (;;) {
    const reply = await transport.publish({
      shard,
      kind: 'block',
      msgId: request.msgId,
      bytes: request.bytes,
      expectedEpochSeq: claim.epochSeq,
      expectedSeq: request.expectedSeq,
    });
    if (reply.kind === 'ack') {
      assert.equal(reply.seq, request.expectedSeq + 1, 'an ack names the expected sequence');
      return { kind: 'stored', seq: reply.seq };
    }
    if (reply.kind === 'refused') {
      if (mayBeStored) return { kind: 'unknown', cause: reply.cause };
      throw new LedgerRefusedError(shard, reply.cause);
    }
    if (reply.kind === 'full' && !mayBeStored) return { kind: 'full' };
    mayBeStored ||= reply.kind === 'unknown' || reply.kind === 'busy';

    if (reply.kind !== 'unavailable' || mayBeStored) {
      const found = await readBack(transport, shard, request.expectedSeq + 1, deadlineMs, limits);
      if (found.kind === 'failed') return { kind: 'unknown', cause: found.cause };
      if (found.message !== undefined) return judge(found.message, request);
      if (reply.kind === 'full') return { kind: 'full' };
      if (reply.kind === 'wrongSequence') {
        const fence = await findFence(transport, claim, request.expectedSeq, deadlineMs, limits);
        if (fence !== undefined) return fence;
      }
    }
    if (transport.nowMs() >= deadlineMs) {
      return { kind: mayBeStored ? 'unknown' : 'notStored', cause: causeOf(reply) };
    }
    await transport.pause(limits.retryPauseMs);
  }
}

function judge(found: StoredMessage, request: AppendRequest): AppendOutcome {
  const { seq, kind, msgId } = found;
  const isOurs = msgId === request.msgId && sameBytes(found.bytes, request.bytes);
  return isOurs ? { kind: 'stored', seq } : { kind: 'fenced', by: { seq, kind, msgId } };
}

type ReadBack =
  | { readonly kind: 'read'; readonly message: StoredMessage | undefined }
  | { readonly kind: 'failed'; readonly cause: unknown };

/** Reads one place of the log, again and again until the deadline. */
async function readBack(
  transport: LogTransport,
  shard: number,
  seq: number,
  deadlineMs: number,
  limits: LedgerLimits,
): Promise<ReadBack> {
  for (;;) {
    try {
      return { kind: 'read', message: await transport.get(shard, seq) };
    } catch (cause) {
      if (transport.nowMs() >= deadlineMs) return { kind: 'failed', cause };
    }
    await transport.pause(limits.retryPauseMs);
  }
}

/**
 * "Wrong last sequence", yet nothing stands in the block's place: a newer claim that the caller has
 * overlooked, a log that became shorter, or (undefined) a refusal without a reason, to be tried again.
 */
async function findFence(
  transport: LogTransport,
  claim: ShardClaim,
  expectedSeq: number,
  deadlineMs: number,
  limits: LedgerLimits,
): Promise<AppendOutcome | undefined> {
  const { shard } = claim;
  for (;;) {
    try {
      const lastSeq = await transport.lastSeq(shard);
      if (lastSeq < expectedSeq) {
        throw new LogRegressedError(
          shard,
          `it ends at ${lastSeq}, ${expectedSeq} was acknowledged`,
        );
      }
      const epoch = await transport.lastEpoch(shard);
      if (epoch === undefined || epoch.seq === claim.epochSeq) return undefined;
      return { kind: 'fenced', by: { seq: epoch.seq, kind: epoch.kind, msgId: epoch.msgId } };
    } catch (cause) {
      if (cause instanceof LogRegressedError) throw cause;
      if (transport.nowMs() >= deadlineMs) return { kind: 'unknown', cause };
    }
    await transport.pause(limits.retryPauseMs);
  }
}

function causeOf(reply: PublishReply): unknown {
  return 'cause' in reply ? reply.cause : new Error(`the broker answered ${reply.kind}`);
}
