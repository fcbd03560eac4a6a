import { InvariantWatch, type Watch } from '../actors/checks/invariants.ts';
import { PATHS, type Rate, rateOf } from './in-process.ts';
import { type BenchRig, startRig } from './rig.ts';
import type { PairSlice } from './slice.ts';
import type { Checks } from './writer-process.ts';

/** What something costs with the invariants, against the same without: 1.05 is five per cent more. */
export interface Ratio {
  /** Median over the rounds; in each, both took their turn one after the other. */
  readonly median: number;
  /** First and third quartile. */
  readonly quartiles: readonly [number, number];
  /** The cheapest slice with against the cheapest without: what other work disturbs least. */
  readonly best: number;
  readonly rounds: number;
}

/** Costs as ratios of CPU time for the same number of decisions or pairs. */
export interface InvariantCosts {
  readonly inProcess: Readonly<Record<keyof typeof PATHS, Ratio>>;
  /** The writer's process over NATS: checks at each event; those and the background audit. */
  readonly overNats: {
    readonly callers: number;
    readonly watch: Ratio;
    readonly watchAndAudit: Ratio;
    /** Pairs a second of the same slices, as medians. */
    readonly pairsPerSecond: Readonly<Record<Checks, number>>;
    /** How far the audit came: messages behind at the end. */
    readonly behind: number;
  };
}

/** No watch at all. It exists here alone: the product has no way to be without one. */
const noWatch: Watch = { before() {}, after() {}, asked() {}, decided() {} };

const IN_PROCESS_ROUNDS = 12;
const NATS_ROUNDS = 8;
const CALLERS = 64;
/** Of a round of each over NATS; in process it is a fifth. */
const KINDS: readonly Checks[] = ['none', 'watch', 'all'];

/**
 * Measures what the invariants cost, each round the same work with and without, in changing order.
 * CPU time is compared, not speed: other work on the machine changes it less.
 */
export async function measureInvariants(
  seconds: number,
  say: (word: string) => void,
  dataParent?: string,
): Promise<InvariantCosts> {
  say('In process …');
  const inProcess = {
    govern: compareInProcess(PATHS.govern, seconds / 5),
    bytesToBlock: compareInProcess(PATHS.bytesToBlock, seconds / 5),
  };
  say('Three writers over NATS …');
  return { inProcess, overNats: await compareOverNats(seconds, say, dataParent) };
}

function compareInProcess(path: (watch: Watch) => (no: number) => void, seconds: number): Ratio {
  const [dear, cheap]: [number[], number[]] = [[], []];
  const cost = (watch: Watch) => 1 / rateOf(path(watch), seconds).perCpuSecond;
  for (let round = -1; round < IN_PROCESS_ROUNDS; round += 1) {
    const [first, second] = round % 2 === 0 ? [noWatch, undefined] : [undefined, noWatch];
    const one = cost(first ?? new InvariantWatch());
    const other = cost(second ?? new InvariantWatch());
    // The round before the first warms the compiler up.
    if (round < 0) continue;
    dear.push(first === noWatch ? other : one);
    cheap.push(first === noWatch ? one : other);
  }
  return ratioOf(dear, cheap);
}

async function compareOverNats(
  seconds: number,
  say: (word: string) => void,
  dataParent: string | undefined,
): Promise<InvariantCosts['overNats']> {
  const rigs = new Map<Checks, BenchRig>();
  try {
    for (const checks of KINDS) rigs.set(checks, await startRig(1, dataParent, undefined, checks));
    const slices = new Map<Checks, Rate[]>(KINDS.map((checks) => [checks, []]));
    for (let round = -1; round < NATS_ROUNDS; round += 1) {
      say(`round ${round + 1} of ${NATS_ROUNDS} …`);
      for (let turn = 0; turn < KINDS.length; turn += 1) {
        const checks = KINDS[(round + 1 + turn) % KINDS.length] as Checks;
        const rate = await pairs(rigs.get(checks) as BenchRig, seconds);
        if (round >= 0) slices.get(checks)?.push(rate);
      }
    }
    const costs = (checks: Checks) =>
      (slices.get(checks) ?? []).map(({ perCpuSecond }) => 1 / perCpuSecond);
    const speed = (checks: Checks) =>
      Math.round(
        quantile(
          (slices.get(checks) ?? []).map(({ perSecond }) => perSecond),
          0.5,
        ),
      );
    const behind = await rigs.get('all')?.writer.ask<number>('auditBehind');
    return {
      callers: CALLERS,
      watch: ratioOf(costs('watch'), costs('none')),
      watchAndAudit: ratioOf(costs('all'), costs('none')),
      pairsPerSecond: { none: speed('none'), watch: speed('watch'), all: speed('all') },
      behind: behind ?? 0,
    };
  } finally {
    for (const rig of rigs.values()) await rig.close();
  }
}

async function pairs({ writer, load }: BenchRig, seconds: number): Promise<Rate> {
  const before = await writer.ask<number>('cpuMs');
  const { count, tookMs } = await load.ask<PairSlice>('pairs', { callers: CALLERS, seconds });
  const cpuMs = (await writer.ask<number>('cpuMs')) - before;
  return { perSecond: (count * 1000) / tookMs, perCpuSecond: (count * 1000) / cpuMs };
}

/** Of the costs of the same rounds, with and without. */
function ratioOf(dear: readonly number[], cheap: readonly number[]): Ratio {
  const ratios = dear.map((cost, round) => cost / (cheap[round] ?? Number.NaN));
  return {
    median: quantile(ratios, 0.5),
    quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    best: Math.round((Math.min(...dear) / Math.min(...cheap)) * 1000) / 1000,
    rounds: ratios.length,
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return Math.round((low + (high - low) * (place % 1)) * 1000) / 1000;
}

/** The costs for a person. */
export function invariantsTextOf({ inProcess, overNats }: InvariantCosts): string {
  const { watch, watchAndAudit, pairsPerSecond, callers, behind } = overNats;
  const line = (what: string, { median, quartiles, best, rounds }: Ratio) =>
    `  ${what.padEnd(46)} ${percent(median)}  (quartiles ${quartiles.map(percent).join(' … ')}; ` +
    `cheapest against cheapest ${percent(best)}; ${rounds} rounds)`;
  return [
    'CPU time that the invariants add to the same work:',
    line('decide and evolve, in process', inProcess.govern),
    line('from a command’s bytes to a signed block', inProcess.bytesToBlock),
    line(`the writer over NATS, ${callers} callers, each event`, watch),
    line('the same with the background audit', watchAndAudit),
    `Pairs a second over NATS: ${KINDS.map((checks) => `${checks} ${pairsPerSecond[checks]}`).join(', ')}; ` +
      `the audit was ${behind} messages behind at the end.`,
  ].join('\n');
}

function percent(ratio: number): string {
  const more = (ratio - 1) * 100;
  return `${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(1)} %`;
}
