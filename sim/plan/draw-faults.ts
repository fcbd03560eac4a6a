import type { FaultRates } from '../world/fault-rates.ts';
import type { Draw } from './draw.ts';
import { DAMAGE, FAULT_KINDS, type Fault, type FaultKind, type RateFaultKind } from './fault.ts';
import { type AgentPlan, agentProcessName, type WorldPlan } from './plan.ts';

type WithoutNo<F> = F extends unknown ? Omit<F, 'no'> : never;
type FaultDraft = WithoutNo<Fault>;

/** What a plan may harm, and when. */
export interface Target {
  readonly world: WorldPlan;
  readonly agents: readonly AgentPlan[];
  readonly beginAtMs: number;
  readonly endAtMs: number;
}

/** How much goes wrong. */
export type FaultMix = 'none' | 'one kind' | 'few' | 'everything' | 'damage' | 'crash points';

export function drawMix(draw: Draw): FaultMix {
  return draw.weighted<FaultMix>([
    [18, 'none'],
    [38, 'one kind'],
    [18, 'few'],
    [14, 'everything'],
    [5, 'damage'],
    [7, 'crash points'],
  ]);
}

/** The faults of a plan, in the order of their times, and the rates that hold all the time. */
export function drawFaults(
  draw: Draw,
  mix: FaultMix,
  target: Target,
): { readonly faults: readonly Fault[]; readonly rates: Partial<FaultRates> } {
  const kinds = kindsOf(draw, mix, target.world);
  const drafts: FaultDraft[] = [];
  for (const kind of kinds) {
    const count = DAMAGE.has(kind) ? 1 : draw.int(1, mix === 'everything' ? 2 : 4);
    for (let i = 0; i < count; i += 1) drafts.push(drawFault(draw, kind, target, mix));
  }
  drafts.sort((a, b) => a.atMs - b.atMs);
  const faults = drafts.map((draft, no): Fault => ({ ...draft, no }) as Fault);
  return { faults, rates: drawRates(draw, mix) };
}

const OF_PROJECTORS: ReadonlySet<FaultKind> = new Set([
  'crashProjector',
  'tearCheckpoint',
  'staleCheckpoint',
]);

function kindsOf(draw: Draw, mix: FaultMix, world: WorldPlan): readonly FaultKind[] {
  const mild = FAULT_KINDS.filter(
    (kind) => !DAMAGE.has(kind) && (world.projectors > 0 || !OF_PROJECTORS.has(kind)),
  );
  switch (mix) {
    case 'none':
      return [];
    case 'one kind':
      return [draw.pick(mild)];
    case 'few':
      return draw.shuffled(mild).slice(0, draw.int(2, 4));
    case 'everything':
      return draw.shuffled(mild).slice(0, draw.int(6, mild.length));
    case 'damage':
      return [draw.pick([...DAMAGE]), ...(draw.isHit(500) ? [draw.pick(mild)] : [])];
    case 'crash points':
      return ['crashWriter'];
    default:
      return mix satisfies never;
  }
}

/** Rates of what happens all the time, besides faults with a time. */
function drawRates(draw: Draw, mix: FaultMix): Partial<FaultRates> {
  if (mix === 'none' || mix === 'crash points' || draw.isHit(400)) return {};
  const isAll = mix === 'everything';
  return isAll || draw.isHit(300)
    ? { ...networkRates(draw, isAll ? 1 : 3), ...logRates(draw, 0.3) }
    : draw.pick([networkRates(draw, 2), logRates(draw, 1)]);
}

function networkRates(draw: Draw, strength: number): Partial<FaultRates> {
  const rate = (permille: number) => (strength * draw.int(0, permille)) / 1_000;
  return {
    messageDropped: rate(8),
    messageDuplicated: rate(40),
    messageOvertaken: rate(40),
    messageDelayed: rate(20),
  };
}

function logRates(draw: Draw, strength: number): Partial<FaultRates> {
  const rate = (permille: number) => (strength * draw.int(0, permille)) / 1_000;
  return {
    appendLost: rate(6),
    ackLost: rate(10),
    ackLate: rate(6),
    appendLate: rate(4),
    falseWrongSequence: rate(6),
    appendUnavailable: rate(20),
    appendSlow: rate(60),
    lookUnavailable: rate(20),
    lookLost: rate(5),
    lookSlow: rate(20),
    emergencyUnavailable: rate(30),
    emergencyAckLost: rate(30),
  };
}

const TO_CRASH_POINT = 400;

function drawFault(draw: Draw, kind: FaultKind, target: Target, mix: FaultMix): FaultDraft {
  const { world, agents, beginAtMs, endAtMs } = target;
  const atMs = draw.int(beginAtMs, Math.max(beginAtMs, endAtMs - 500));
  const within = (forMs: number) => Math.max(1, Math.min(forMs, endAtMs - atMs));
  const lasting = (...choices: readonly number[]) => within(draw.pick(choices));
  const writer = draw.int(0, world.writers - 1);
  const shard = draw.int(0, world.shards - 1);
  const projector = draw.int(0, Math.max(0, world.projectors - 1));
  switch (kind) {
    case 'messyNetwork':
    case 'logSlow':
    case 'logFull':
    case 'logAway':
    case 'loseAcks':
    case 'loseAppends':
    case 'falseWrongSequence':
      return { kind, atMs, rates: ratesOf(draw, kind), forMs: lasting(300, 2_000, 8_000) };
    case 'crashWriter': {
      const isExact = mix === 'crash points' || draw.isHit(TO_CRASH_POINT);
      const side = draw.pick(['before', 'after'] as const);
      const count = draw.weighted([
        [50, draw.int(1, 40)],
        [50, draw.int(1, 400)],
      ]);
      const forMs = lasting(100, 1_000, 4_000, 12_000);
      return { kind, atMs, writer, forMs, ...(isExact ? { point: { count, side } } : {}) };
    }
    case 'pauseWriter':
      return { kind, atMs, writer, forMs: lasting(20, 150, 600) };
    case 'zombie':
      return { kind, atMs, writer, forMs: lasting(3_000, 6_000, 15_000) };
    case 'secondClaimant':
      return { kind, atMs, shard };
    case 'brokerRestart':
      return { kind, atMs, forMs: lasting(10, 300, 1_500) };
    case 'outage':
      return { kind, atMs, forMs: lasting(6_000, 15_000, 40_000) };
    case 'cutOff': {
      const names = [
        ...draw.times(world.writers, (i) => `writer-${i}`),
        ...draw.times(world.projectors, (i) => `projector-${i}`),
        ...agents.map(agentProcessName),
      ];
      const name = draw.isHit(500) ? `writer-${writer}` : draw.pick(names);
      return { kind, atMs, name, forMs: lasting(200, 1_500, 6_000, 40_000) };
    }
    case 'clockJump': {
      const name = draw.isHit(700) ? `writer-${writer}` : agentProcessName(draw.pick(agents));
      const byMs = draw.pick([3_600_000, -3_600_000, 4_000, -4_000, 700, -50]);
      return { kind, atMs, name, byMs };
    }
    case 'crashProjector':
    case 'tearCheckpoint':
    case 'staleCheckpoint':
      return { kind, atMs, projector, forMs: lasting(50, 1_000, 5_000) };
    case 'crashClient': {
      const { name: agent, team } = draw.pick(agents);
      const comesBack = agent === 'operator' || draw.isHit(750);
      return { kind, atMs, agent, team, forMs: comesBack ? lasting(100, 1_500, 8_000) : null };
    }
    case 'dropTail':
      return { kind, atMs: lateIn(target), shard, count: draw.int(1, 8) };
    case 'flipBit': {
      const bit = draw.int(0, 2_000);
      return { kind, atMs: lateIn(target), shard, back: draw.int(0, 30), bit };
    }
    case 'vanishBlock':
      return { kind, atMs: lateIn(target), shard, back: draw.int(0, 30) };
    default:
      return kind satisfies never;
  }
}

function ratesOf(draw: Draw, kind: RateFaultKind): Partial<FaultRates> {
  switch (kind) {
    case 'messyNetwork':
      return networkRates(draw, 6);
    case 'logSlow':
      return { appendSlow: 0.8, lookSlow: 0.5 };
    case 'logFull':
      return { falseFull: 1 };
    case 'logAway':
      return { appendUnavailable: 1, lookUnavailable: draw.pick([0, 0.5, 1]) };
    case 'loseAcks':
      return { ackLost: 0.3, ackLate: 0.1 };
    case 'loseAppends':
      return { appendLost: 0.3, appendLate: 0.1 };
    case 'falseWrongSequence':
      return { falseWrongSequence: 0.3 };
    default:
      return kind satisfies never;
  }
}

/** Damage comes late, so that there is something to damage. */
function lateIn({ beginAtMs, endAtMs }: Target): number {
  return Math.floor(beginAtMs + (endAtMs - beginAtMs) * 0.7);
}
