import type { Fault, FaultKind } from '../plan/fault.ts';
import type { Plan } from '../plan/plan.ts';

/** A crash at an operation comes so much later than planned at most, ms; a guess. */
const POINT_MS = 3_000;
/** How long a claim disturbs whoever owned the shard, ms. */
const CLAIM_MS = 2_000;

/**
 * Tells which faults of a plan are in force at a virtual time: from their beginning until they end,
 * and until all is put right where nothing else ends them. Damage stays.
 *
 * @param beganAtMs when the agents of the plan began
 */
export function faultsInForce(plan: Plan, beganAtMs: number): (atMs: number) => FaultKind[] {
  const windows = plan.faults.map((fault) => ({
    kind: fault.kind,
    fromMs: beganAtMs + fault.atMs,
    untilMs: beganAtMs + endOf(fault, plan),
  }));
  return (atMs) => {
    const now = windows.filter(({ fromMs, untilMs }) => fromMs <= atMs && atMs <= untilMs);
    return [...new Set(now.map(({ kind }) => kind))];
  };
}

function endOf(fault: Fault, { faultsEndAtMs }: Plan): number {
  const { kind, atMs } = fault;
  switch (kind) {
    case 'dropTail':
    case 'flipBit':
    case 'vanishBlock':
      return Infinity;
    case 'secondClaimant':
      return atMs + CLAIM_MS;
    case 'clockJump':
      return faultsEndAtMs;
    case 'crashClient':
      return atMs + (fault.forMs ?? Infinity);
    case 'crashWriter':
      return atMs + fault.forMs + (fault.point === undefined ? 0 : POINT_MS);
    default:
      return atMs + fault.forMs;
  }
}
