import type { QuotaTree } from './quota-tree.ts';
import { compareIds } from './ratio.ts';
import type { Amounts, TimedRequest } from './types.ts';

/** Something that runs and is known to end. */
export interface TimedUse {
  readonly node: string;
  readonly amounts: Amounts;
  /** null = nobody knows. */
  readonly endsAtMs: number | null;
}

/**
 * When each request will start, by conservative backfill: in order of priority, then arrival, then
 * id, each gets the earliest time from which it fits for as long as it runs, beside all that run
 * and all that come before it in the order. So a later one may go first where it delays nobody
 * (Mu'alem and Feitelson 2001). @returns null for one of which no start is known
 */
export function planStarts(
  tree: QuotaTree,
  running: readonly TimedUse[],
  waiting: readonly TimedRequest[],
  nowMs: number,
): ReadonlyMap<string, number | null> {
  const uses: Interval[] = running.map(({ node, amounts, endsAtMs }) => ({
    node,
    amounts,
    fromMs: nowMs,
    untilMs: endsAtMs ?? Infinity,
  }));
  const starts = new Map<string, number | null>();
  for (const request of [...waiting].sort(compareRequests)) {
    const { id, node, amounts } = request;
    const lastsMs = request.runsForMs ?? Infinity;
    const fromMs = earliestStartMs(tree.clone(), uses, request, lastsMs, nowMs);
    starts.set(id, fromMs);
    if (fromMs !== null) uses.push({ node, amounts, fromMs, untilMs: fromMs + lastsMs });
  }
  return starts;
}

interface Interval {
  readonly node: string;
  readonly amounts: Amounts;
  readonly fromMs: number;
  readonly untilMs: number;
}

function compareRequests(a: TimedRequest, b: TimedRequest): number {
  const queuedAtMs = ({ queuedAtMs: at, createdAtMs = 0 }: TimedRequest) => at ?? createdAtMs;
  return b.priority - a.priority || queuedAtMs(a) - queuedAtMs(b) || compareIds(a.id, b.id);
}

/** One sweep over the times at which something starts or ends. */
function earliestStartMs(
  trial: QuotaTree,
  uses: readonly Interval[],
  { node, amounts }: TimedRequest,
  lastsMs: number,
  nowMs: number,
): number | null {
  let startMs: number | null = null;
  for (const [atMs, changes] of changesByTime(uses, nowMs)) {
    if (startMs !== null && atMs >= startMs + lastsMs) return startMs;
    for (const { use, sign } of changes) trial.use(use.node, use.amounts, sign);
    if (!trial.fits(node, amounts)) startMs = null;
    else startMs ??= atMs;
  }
  return startMs;
}

interface Change {
  readonly use: Interval;
  readonly sign: 1 | -1;
}

function changesByTime(uses: readonly Interval[], nowMs: number): [number, Change[]][] {
  const byTime = new Map<number, Change[]>([[nowMs, []]]);
  const add = (atMs: number, change: Change): void => {
    const changes = byTime.get(atMs);
    if (changes) changes.push(change);
    else byTime.set(atMs, [change]);
  };
  for (const use of uses) {
    if (use.untilMs <= nowMs) continue;
    add(use.fromMs, { use, sign: 1 });
    if (use.untilMs !== Infinity) add(use.untilMs, { use, sign: -1 });
  }
  return [...byTime].sort(([a], [b]) => a - b);
}
