import assert from 'node:assert/strict';
import type { ClaimRequest, ShardClaim, StoredMessage } from './ledger.ts';
import {
  ClaimLostError,
  LedgerFullError,
  LedgerRefusedError,
  LedgerUnavailableError,
  LogRegressedError,
} from './ledger-errors.ts';
import type { LedgerLimits } from './ledger-limits.ts';
import type { LogTransport, PublishReply } from './log-transport.ts';

/**
 * Claims a shard by compare-and-set on its newest epoch message. After anything but a plain refusal
 * the newest epoch is read back: if it carries this attempt's nonce the claim is ours.
 */
export async function settleClaim(
  transport: LogTransport,
  shard: number,
  request: ClaimRequest,
  limits: LedgerLimits,
): Promise<ShardClaim> {
  const msgId = claimMessageId(shard, request.nonce);
  const deadlineMs = transport.nowMs() + limits.settleDeadlineMs;
  for (;;) {
    const reply = await transport.publish({
      shard,
      kind: 'epoch',
      msgId,
      bytes: request.epoch,
      expectedEpochSeq: request.previousEpochSeq,
    });
    if (reply.kind === 'refused') throw new LedgerRefusedError(shard, reply.cause);
    const found = await newestEpoch(transport, shard, deadlineMs, limits);
    if (found?.msgId === msgId) return toClaim(found, request);
    const foundSeq = found?.seq ?? 0;
    if (foundSeq < request.previousEpochSeq) {
      throw new LogRegressedError(shard, `epoch ${request.previousEpochSeq} is gone`);
    }
    if (foundSeq !== request.previousEpochSeq) throw new ClaimLostError(shard, found);
    assert.notEqual(reply.kind, 'ack', 'an acknowledged claim is the newest epoch or superseded');
    if (reply.kind === 'full') throw new LedgerFullError(shard);
    if (transport.nowMs() >= deadlineMs) throw new LedgerUnavailableError(shard, causeOf(reply));
    await transport.pause(limits.retryPauseMs);
  }
}

/** The `Nats-Msg-Id` of a claim. */
function claimMessageId(shard: number, nonce: string): string {
  return `${shard}-claim-${nonce}`;
}

function toClaim(epoch: StoredMessage, request: ClaimRequest): ShardClaim {
  return {
    shard: epoch.shard,
    epochSeq: epoch.seq,
    brokerAtMs: epoch.storedAtMs,
    previousEpochSeq: request.previousEpochSeq,
  };
}

async function newestEpoch(
  transport: LogTransport,
  shard: number,
  deadlineMs: number,
  limits: LedgerLimits,
): Promise<StoredMessage | undefined> {
  for (;;) {
    try {
      return await transport.lastEpoch(shard);
    } catch (cause) {
      if (transport.nowMs() >= deadlineMs) throw cause;
    }
    await transport.pause(limits.retryPauseMs);
  }
}

function causeOf(reply: PublishReply): unknown {
  return 'cause' in reply ? reply.cause : new Error(`the broker answered ${reply.kind}`);
}
