import { hasTheSame, saysTheSame } from '../compare.ts';
import { type Ratio, readRatio } from '../exact.ts';
import type { Answers } from './families.ts';

/** Whether what was observed under a key says what is expected there. */
type Comparison = (
  expected: unknown,
  observed: unknown,
  answers: Answers,
  tolerance: Ratio | undefined,
) => boolean;

const same: Comparison = (expected, observed, _, tolerance) =>
  saysTheSame(expected, observed, tolerance);
/** Names or parts in any order; a number stands for how many. */
const anyOrder: Comparison = (expected, observed) =>
  typeof expected === 'number' && Array.isArray(observed)
    ? observed.length === expected
    : typeof expected === 'number'
      ? saysTheSame(expected, observed)
      : hasTheSame(expected, observed);

/**
 * The keys of `expected` that are compared, each with how; all others are commentary. The list is
 * that of the scenarios' README.
 */
export const COMPARED: Readonly<Record<string, Comparison>> = {
  decision: (expected, observed) => wordOf(expected) === wordOf(observed),
  victims: sameVictims,
  victimsByRequest: sameVictimsByRequest,
  granted: anyOrder,
  stillWaiting: anyOrder,
  denied: anyOrder,
  shares: same,
  shareRatio: same,
  finite: same,
  sum: same,
  tasks: same,
  dominantShares: same,
  weightedDominantShares: same,
  servedFirst: same,
  servedOrder: same,
  serviceOrder: same,
  order: same,
  fairFirstOrder: same,
  priorityFirstOrder: same,
  victimOrder: same,
  effectiveUsage: same,
  factor: same,
  rank: same,
  mayPreempt: same,
  availableNow: same,
  availableIfTreeWereEmpty: same,
  availableAt: sameFigures,
  bindingNode: same,
  spentBefore: same,
  // The expected text says what it is; the answer is whether it is so.
  roundTrip: (_, observed) => observed === true,
  counts: same,
  collected: same,
  victimSizes: anyOrder,
  // The answer is what was collected.
  neverMoreThan: (expected, observed) => isAtMost(observed, expected),
  // The answer is how much was taken from each.
  noneFrom: (expected, observed) =>
    (expected as string[]).every((name) => !(observed as Record<string, number>)[name]),
  evictionsTotal: same,
  finalUse: same,
  finalRunning: anyOrder,
  startsAtMin: same,
  // A plan that could be reversed at once: it must not be the one that was chosen.
  planOfReferenceModel: (expected, _, { victims }) => !sameVictims(expected, victims),
  // The answer is who could reverse the plan, and whom that would evict.
  thenReversedBy: (expected, observed) => Array.isArray(observed) && observed.includes(expected),
  whichEvicts: anyOrder,
  // Of `ours`: what may never be chosen, and what may.
  forbidden: (expected, _, { victims }) => !sameVictims(expected, victims),
  allowed: (expected, _, answers) => (expected as unknown[]).some((one) => isAllowed(one, answers)),
};

/** Keys whose answer stands under another name, or is part of other answers. */
const ANSWERED_BY: Readonly<Record<string, string>> = {
  planOfReferenceModel: 'victims',
  forbidden: 'victims',
  allowed: 'decision',
};

/** The key under which the adapter has to answer for a compared key. */
export function answerKeyOf(key: string): string {
  return ANSWERED_BY[key] ?? key;
}

function isAtMost(observed: unknown, bound: unknown): boolean {
  const [amount, most] = [readRatio(observed), readRatio(bound)];
  return (
    amount !== undefined && most !== undefined && amount.num * most.den <= most.num * amount.den
  );
}

/** `wait (no victim may be taken)` is `wait`. */
function wordOf(decision: unknown): unknown {
  const word = typeof decision === 'string' ? decision.split(' ', 1)[0] : decision;
  // Sources say either of a request that keeps its place and gets nothing yet.
  return word === 'wait' ? 'queue' : word;
}

/** Figures by node and resource; where there is one resource it may be left out. */
function sameFigures(expected: unknown, observed: unknown): boolean {
  if (saysTheSame(expected, observed)) return true;
  const byNode = Object.entries((observed ?? {}) as Readonly<Record<string, object>>);
  const plain = byNode.map(([node, figures]) => {
    const [figure, ...others] = Object.values(figures);
    return [node, others.length === 0 ? figure : figures];
  });
  return saysTheSame(expected, Object.fromEntries(plain));
}

/** Victims in any order, each by its id, and by the right used where one is expected. */
function sameVictims(expected: unknown, observed: unknown): boolean {
  if (!Array.isArray(expected) || !Array.isArray(observed)) return false;
  const asObject = (one: unknown) => (typeof one === 'string' ? { id: one } : one);
  return hasTheSame(expected.map(asObject), observed.map(asObject));
}

function sameVictimsByRequest(expected: unknown, observed: unknown): boolean {
  const wanted = Object.entries(expected as Readonly<Record<string, unknown>>);
  const found = Object.entries((observed ?? {}) as Readonly<Record<string, unknown[]>>);
  const taken = found.filter(([, victims]) => victims.length > 0);
  return (
    taken.length === wanted.length &&
    wanted.every(([id, victims]) =>
      sameVictims(victims, taken.find(([request]) => request === id)?.[1]),
    )
  );
}

/** `queue`, or `{ preempt: [...] }`. */
function isAllowed(allowed: unknown, { decision, victims }: Answers): boolean {
  if (typeof allowed === 'string') return wordOf(decision) === wordOf(allowed);
  const { preempt } = allowed as { readonly preempt?: unknown };
  return preempt !== undefined && sameVictims(preempt, victims);
}
