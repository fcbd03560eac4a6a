import type { FaultOf } from '../plan/fault.ts';
import type { World } from '../world/world.ts';

/** Damages the log of a shard past everybody. @returns whether there was anything to damage */
export function damage(
  world: World,
  fault: FaultOf<'dropTail' | 'flipBit' | 'vanishBlock'>,
): boolean {
  const log = world.store.log(fault.shard);
  const { lastSeq } = log;
  if (lastSeq === 0) return false;
  world.faults.note(fault.kind);
  if (fault.kind === 'dropTail') {
    log.dropTail(Math.min(fault.count, lastSeq));
    return true;
  }
  const seq = Math.max(1, lastSeq - fault.back);
  const bitCount = (log.get(seq)?.bytes.byteLength ?? 0) * 8;
  if (bitCount === 0) return false;
  if (fault.kind === 'vanishBlock') log.vanish(seq);
  else log.flipBit(seq, fault.bit % bitCount);
  return true;
}
