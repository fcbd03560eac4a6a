import Table from 'cli-table3';
import type { Command } from '../events/commands.ts';
import type { BursarEvent } from '../events/events.ts';
import { Desk } from './desk.ts';

/** Requests that wait, and as many allocations that live, while decisions are timed. */
const SIZES = [10, 1_000, 100_000] as const;

/** The decisions that are timed, each in the midst of that many. */
const KINDS = {
  fits: 'a request that is granted at once',
  queues: 'a request that joins the queue',
  serves: 'a settle that serves the head of the queue',
  preempts: 'a request that evicts a holder, which is put back into the queue',
} as const;
type Kind = keyof typeof KINDS;

/** What one decision costs, with all that follows from it in the same decision, by size. */
export interface DecisionCost {
  readonly kind: Kind;
  readonly waitingAndLive: number;
  /** Median of what a decision took, µs of one thread. */
  readonly micros: number;
  readonly perSecond: number;
}

const TEAM = 'acme';
const AGENT = 'bench';
const RUNS = 64;
const SLOT = 'slot.gpu';
const HOUR_MS = 3_600_000;
/** Decisions of each kind in a row: fewer than wait in the smallest size. */
const IN_A_ROW = 5;

/**
 * Times decisions of a team in which so many requests wait and as many allocations live, all on one
 * account: no NATS and no log, but with the invariants that the product looks at. Every turn leaves
 * the numbers as they were. The sizes take turns, so that other work on the machine meets all alike.
 */
export function measureDecisionCost(seconds: number): DecisionCost[] {
  const benches = SIZES.map((size) => new Bench(size));
  runAll(benches, seconds / 5);
  for (const bench of benches) bench.forget();
  runAll(benches, seconds);
  return benches.flatMap((bench) => bench.costs());
}

function runAll(benches: readonly Bench[], seconds: number): void {
  const endMs = performance.now() + seconds * 1_000;
  do {
    for (const bench of benches) for (let turn = 0; turn < 20; turn += 1) bench.turn();
  } while (performance.now() < endMs);
}

/** One team with its waiting requests and holders. */
class Bench {
  readonly #size: number;
  readonly #desk = new Desk(TEAM, () => {});
  readonly #micros: Record<Kind, number[]> = { queues: [], serves: [], fits: [], preempts: [] };
  /** Live allocations in order of their grants; those before `#oldest` have ended. */
  #live: string[] = [];
  #oldest = 0;
  #no = 0;

  constructor(size: number) {
    this.#size = size;
    const limits = { [SLOT]: { limit: size }, credits: { limit: 1e15 } };
    this.#govern({ op: 'open', path: TEAM, limits }, 'operator');
    const may = { role: 'agent', prefix: TEAM, priorityMax: 1_000 } as const;
    this.#govern({ op: 'enrol', agent: AGENT, ...may }, 'operator');
    this.#govern({ op: 'open', path: `${TEAM}/s` }, 'operator');
    for (let run = 0; run < RUNS; run += 1) {
      this.#govern({ op: 'open', path: `${TEAM}/s/r${run}`, tier: 'run' }, 'operator');
    }
    for (let no = 0; no < 2 * size; no += 1) this.#askSlot(100);
  }

  /** Some decisions of each kind; afterwards as many wait and live as before. */
  turn(): void {
    this.#time('serves', () => this.#settle(this.#takeOldest()));
    // Who preempts stands in the queue beside the victim that is put back: room for one more.
    this.#settle(this.#takeOldest());
    const vips: string[] = [];
    this.#time('preempts', () => vips.push(this.#askSlot(1_000)));
    for (const id of vips) this.#settle(id);
    this.#time('queues', () => this.#askSlot(100));
    this.#askSlot(100);
    const fitting: string[] = [];
    this.#time('fits', () => fitting.push(this.#ask({ credits: { amount: 5_000 } })));
    for (const id of fitting) this.#settle(id);
    this.#desk.endBlock();
    const { waiting, allocations } = this.#desk.team;
    if (waiting.size === this.#size && allocations.size === this.#size) return;
    throw new Error(`${waiting.size} wait and ${allocations.size} live, not ${this.#size}`);
  }

  /** Leaves the time to warm up out of the figures. */
  forget(): void {
    for (const micros of Object.values(this.#micros)) micros.length = 0;
  }

  costs(): DecisionCost[] {
    return (Object.keys(KINDS) as Kind[]).map((kind) => {
      const sorted = this.#micros[kind].sort((a, b) => a - b);
      const micros = Math.round((sorted[sorted.length >>> 1] ?? Number.NaN) * 10) / 10;
      return { kind, waitingAndLive: this.#size, micros, perSecond: Math.round(1e6 / micros) };
    });
  }

  #time(kind: Kind, decide: () => void): void {
    const startMs = performance.now();
    for (let no = 0; no < IN_A_ROW; no += 1) decide();
    this.#micros[kind].push(((performance.now() - startMs) * 1_000) / IN_A_ROW);
  }

  #askSlot(priority: number): string {
    const evicts = priority > 100 ? ({ strategy: 'preemption_allowed' } as const) : {};
    const items = { [SLOT]: { amount: 1 } };
    return this.#ask(items, { priority, maxWaitMs: HOUR_MS, expectedMs: 1_000, ...evicts });
  }

  #ask(items: AskItems, more: Partial<CommandOfRequest> = {}): string {
    this.#no += 1;
    const id = `q${this.#no}`;
    const path = `${TEAM}/s/r${this.#no % RUNS}`;
    this.#govern({ op: 'request', id, path, items, ttlMs: HOUR_MS, ...more }, AGENT);
    return id;
  }

  #settle(allocation: string): void {
    const id = `s${this.#no}-${allocation}`;
    this.#govern({ op: 'settle', id, allocation, actual: {} }, AGENT);
  }

  #takeOldest(): string {
    for (;;) {
      const id = this.#live[this.#oldest] as string;
      this.#oldest += 1;
      if (this.#oldest === 100_000) this.#live = this.#live.splice(this.#oldest);
      if (this.#oldest === 100_000) this.#oldest = 0;
      if (this.#desk.team.allocations.has(id)) return id;
    }
  }

  #govern(command: Command, agent: string): void {
    for (const event of this.#desk.govern(command, agent, this.#no)) this.#noteGrant(event);
  }

  #noteGrant(event: BursarEvent): void {
    if (event.type !== 'AllocationGranted') return;
    if (event.items[SLOT] !== undefined) this.#live.push(event.id);
  }
}

type CommandOfRequest = Extract<Command, { op: 'request' }>;
type AskItems = CommandOfRequest['items'];

/** The costs for a person: a line a kind, a column a size, and how much dearer the largest is. */
export function decisionCostTextOf(costs: readonly DecisionCost[]): string {
  const table = new Table({
    head: ['µs a decision (decisions/s)', ...SIZES.map((size) => size.toLocaleString('en')), '×'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right'],
  });
  for (const kind of Object.keys(KINDS) as Kind[]) {
    const ofKind = costs.filter((cost) => cost.kind === kind);
    const cells = ofKind.map((one) => `${one.micros} (${one.perSecond.toLocaleString('en')})`);
    const ratio = (ofKind.at(-1)?.micros ?? 0) / (ofKind[0]?.micros ?? 1);
    table.push([KINDS[kind], ...cells, ratio.toFixed(2)]);
  }
  return `With so many requests queued and as many allocations live on one account:\n${table}`;
}
