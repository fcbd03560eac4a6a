import type { Amounts } from '../events/resources.ts';
import { actualOf, askOf, type Pricing } from '../workload/ask.ts';
import { budgetTierOf, capsOf } from '../workload/budgets.ts';
import { bundledBudgets, bundledRows } from '../workload/bundled.ts';
import { checkThenCharge } from '../workload/check-then-charge.ts';
import type { EmergencySeen, NodeOutcome, WorkloadOutcome } from '../workload/outcome.ts';
import { timeSpreadOf } from '../workload/outcome.ts';
import { type Plan, type PlannedRun, type PlannedStep, planRows } from '../workload/plan.ts';
import { openPriceBook } from '../workload/pricing.ts';
import { RowTally } from '../workload/row-tally.ts';
import { type SpendPanel, SpendRecorder } from '../workload/spend-recorder.ts';

type Node = { path: string; capMicro: number; used: number; held: number; peak: number };
type Hold = { endMs: number; nodes: Node[]; amount: number; use: number };

/** What a report and a picture are made of. */
export type Sample = { outcome: WorkloadOutcome; tally: RowTally; panels: SpendPanel[] };

const EMERGENCIES: readonly EmergencySeen[] = [
  { atMs: 300_000, path: 'coders', kind: 'notice', resource: 'credits' },
  { atMs: 420_000, path: 'coders', kind: 'warning', resource: 'credits' },
  { atMs: 480_000, path: 'coders', kind: 'critical', resource: 'credits' },
  { atMs: 1_400_000, path: 'studio', kind: 'exhausted', resource: 'credits' },
];

/**
 * The bundled workload under hard caps (hold the ask, deny what does not fit, settle the real
 * cost), worked out without a governor: an outcome with real figures for the report and picture.
 */
export async function sampleOutcome(): Promise<Sample> {
  const book = await openPriceBook({ asOfMs: Date.UTC(2026, 3, 1) });
  const pricing: Pricing = { book, defaultModel: null };
  const plan = await planRows(bundledRows());
  const caps = new HardCaps(pricing);
  const steps = plan.runs.flatMap((run) => run.steps.map((step) => ({ run, step })));
  steps.sort((a, b) => a.step.startMs - b.step.startMs);
  for (const { run, step } of steps) caps.take(run, step);
  caps.settleUntil(Number.POSITIVE_INFINITY);
  const panels = plan.teams.map((path) =>
    caps.recorder.panel({
      path,
      capMicro: capsOf(bundledBudgets(), path)['credits'] ?? null,
      marks: EMERGENCIES.filter((seen) => seen.path === path),
    }),
  );
  return { outcome: outcomeOf(plan, caps, pricing), tally: caps.tally, panels };
}

class HardCaps {
  readonly tally = new RowTally();
  readonly recorder = new SpendRecorder();
  readonly #pricing: Pricing;
  readonly #nodes = new Map<string, Node>();
  #open: Hold[] = [];

  constructor(pricing: Pricing) {
    this.#pricing = pricing;
  }

  take(run: PlannedRun, step: PlannedStep): void {
    this.settleUntil(step.startMs);
    const ask = askOf(step.row, this.#pricing);
    const asked: Amounts = ask.kind === 'ask' ? ask.items : {};
    const amount = asked['credits'] ?? 0;
    const nodes = [run.team, `${run.team}/${run.swarm}`, run.path].map((path) => this.#at(path));
    const short = nodes.find((node) => node.used + node.held + amount > node.capMicro);
    const row = { path: `${run.path}/${step.step}`, waitMs: 0, asked };
    if (short !== undefined && amount > 0) {
      const why = { reason: 'insufficient_credits', shortTier: budgetTierOf(short.path) };
      this.tally.add({ ...row, ...why, outcome: 'denied', held: {}, used: {} });
      return;
    }
    const actual = actualOf(step.row, this.#pricing);
    const used: Amounts = actual === 'unknown' ? asked : actual;
    const why = { reason: null, shortTier: null };
    this.tally.add({ ...row, ...why, outcome: 'granted', held: asked, used });
    for (const node of nodes) this.#book(node, step.startMs, { held: amount, used: 0 });
    const endMs = step.startMs + step.durationMs;
    this.#open.push({ endMs, nodes, amount, use: used['credits'] ?? 0 });
  }

  settleUntil(atMs: number): void {
    const due = this.#open.filter((hold) => hold.endMs <= atMs);
    this.#open = this.#open.filter((hold) => hold.endMs > atMs);
    due.sort((a, b) => a.endMs - b.endMs);
    for (const { endMs, nodes, amount, use } of due) {
      for (const node of nodes) this.#book(node, endMs, { held: -amount, used: use });
    }
  }

  outcomes(): NodeOutcome[] {
    return [...this.#nodes.values()].map(({ path, peak }) => ({
      path,
      caps: capsOf(bundledBudgets(), path),
      used: this.tally.usedByPath().get(path) ?? {},
      peak: { credits: peak },
    }));
  }

  #book(node: Node, atMs: number, by: { held: number; used: number }): void {
    node.held += by.held;
    node.used += by.used;
    node.peak = Math.max(node.peak, node.used + node.held);
    const { path, used: spentMicro, held: heldMicro } = node;
    this.recorder.record({ path, atMs, spentMicro, heldMicro });
  }

  #at(path: string): Node {
    const capMicro = capsOf(bundledBudgets(), path)['credits'] ?? Number.MAX_SAFE_INTEGER;
    const node = this.#nodes.get(path) ?? { path, capMicro, used: 0, held: 0, peak: 0 };
    this.#nodes.set(path, node);
    return node;
  }
}

function outcomeOf(plan: Plan, caps: HardCaps, pricing: Pricing): WorkloadOutcome {
  return {
    workload: {
      source: 'bundled workload',
      rows: plan.rowCount,
      runs: plan.runs.length,
      swarms: plan.swarms.length,
      teams: plan.teams.length,
      peakOverlap: plan.peakOverlap,
      spanMs: plan.spanMs,
    },
    speed: 'max',
    priceBook: pricing.book.id,
    elapsedMs: 5_000,
    nodes: caps.outcomes(),
    admissionsAboveLimit: 0,
    emergencies: EMERGENCIES,
    preemptions: { requested: 0, taken: 0, requeued: 0 },
    decisions: 2 * plan.rowCount,
    requestTime: timeSpreadOf([1, 2, 3, 4]),
    settleTime: timeSpreadOf([2, 3]),
    checkThenCharge: checkThenCharge(plan, {
      budgets: bundledBudgets(),
      usedBy: ({ row }) => {
        const actual = actualOf(row, pricing);
        return actual === 'unknown' ? null : actual;
      },
      isRunEndedByRefusal: false,
    }),
  };
}
