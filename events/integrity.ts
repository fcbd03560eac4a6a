import type { LogHead } from './ledger.ts';
import { LogRegressedError } from './ledger-errors.ts';

/**
 * Refuses a log that is not whole or is shorter than somebody has seen it. The broker does not
 * notice either: after one flipped bit and a crash it serves a shorter stream and gives the lost
 * sequences again. Costs nothing; whether all messages are what was written is `verify.ts`.
 *
 * @param witnesses sequences that this shard's log had reached: witness files, checkpoints, snapshots
 * @throws LogRegressedError
 */
export function checkIntegrity(head: LogHead, witnesses: readonly number[]): void {
  const { shard, firstSeq, lastSeq, messages, deleted } = head;
  if (firstSeq !== 1 && !(firstSeq === 0 && lastSeq === 0)) {
    throw new LogRegressedError(shard, `it begins at ${firstSeq}, not at 1`);
  }
  if (deleted !== 0) throw new LogRegressedError(shard, `${deleted} messages were deleted`);
  if (messages !== lastSeq) {
    throw new LogRegressedError(shard, `it has ${messages} messages up to sequence ${lastSeq}`);
  }
  const highest = Math.max(0, ...witnesses);
  if (lastSeq < highest) {
    throw new LogRegressedError(shard, `it ends at ${lastSeq}, a witness saw ${highest}`);
  }
}
