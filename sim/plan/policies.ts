import { PRESET_NAMES, PRESETS } from '../../policies/presets.ts';
import { drawBreakerRules } from './breakers.ts';
import { drawDegradation, drawRecovery } from './degradation.ts';
import type { Draw } from './draw.ts';
import { callBy } from './governing.ts';
import type { PlannedCommandOf } from './job.ts';
import { drawPoolRules } from './pools.ts';
import { withoutGaps } from './requests.ts';
import type { JobDraft, Scene } from './scene.ts';

type PolicyInput = PlannedCommandOf<'setPolicy'>['policy'];

/** Another policy for the team; once in a while in the wrong place. */
export function drawSetPolicy(scene: Scene, atMs: number): JobDraft[] {
  const { draw, team } = scene;
  const path = draw.isHit(30) ? draw.pick(scene.nodes).path : team;
  // Whoever looked before he set it: rightly, too late, or at another team's.
  const ifVersion = draw.maybe(300, () => draw.int(0, 5));
  const terms = withoutGaps<Omit<PlannedCommandOf<'setPolicy'>, 'op' | 'path' | 'policy'>>({
    ifVersion,
    dryRun: draw.maybe(80, () => true),
    preset: draw.maybe(150, () => 'guarded'),
    comment: draw.maybe(150, () => 'after the review'),
  });
  return [
    callBy(scene, atMs, { op: 'setPolicy', path, policy: drawPolicy(scene, atMs), ...terms }),
  ];
}

/** @param atMs when it is set; what is new draws by itself, so that other plans stay as they are */
export function drawPolicy(scene: Scene, atMs: number): PolicyInput {
  const { draw, team } = scene;
  const apart = draw.fork(`queue-ages-${atMs}`);
  if (draw.isHit(100)) return PRESETS[draw.pick(PRESET_NAMES)].fieldsFor(team);
  const credits = scene.limitOf(team, 'credits') ?? 1_000;
  return withoutGaps<PolicyInput>({
    overcommit: draw.maybe(500, () => draw.pick(['allow', 'refuse'] as const)),
    autoOpen: draw.maybe(500, () => draw.pick(['none', 'steps', 'steps', 'runs', 'runs'] as const)),
    priorityMax: draw.maybe(150, () => draw.pick(['normal', 'critical', 'emergency'] as const)),
    bounds: draw.maybe(350, () => ({ credits: draw.int(1, 40), memory: 4 })),
    queueing: draw.maybe(450, () =>
      draw.pick(['default', 'classic', 'classic', 'fair', 'fair', 'budget'] as const),
    ),
    backfill: draw.maybe(300, () => draw.pick(['none', 'conservative'] as const)),
    sharing: draw.maybe(400, () => draw.pick(['need', 'fair', 'topUp'] as const)),
    aging: draw.maybe(400, () => ({
      intervalMs: draw.pick([1, 500, 5_000]),
      step: draw.pick([0, 10, 400]),
    })),
    preemption: draw.maybe(600, () => drawPreemption(scene)),
    strategies: draw.maybe(350, () => ({
      [`${draw.isHit(300) ? `${draw.pick(scene.nodes).path}|` : ''}${draw.pick(['credits', 'slot.gpu', 'memory', '*'])}`]:
        draw.pick([
          'first_come_first_served',
          'priority_based',
          'proportional_sharing',
          'preemption_allowed',
          'queue_and_wait',
        ] as const),
    })),
    ladder: draw.maybe(250, () =>
      draw.pick([
        [],
        [{ kind: 'notice' as const, onPermille: 1, offPermille: 0 }],
        [
          { kind: 'warning' as const, onPermille: 300, offPermille: 100 },
          { kind: 'exhausted' as const, onPermille: 1_000, offPermille: 700 },
        ],
      ]),
    ),
    degradation: draw.maybe(300, () => drawDegradation(scene)),
    rebalance: draw.maybe(300, () => ({
      resources: draw.pick([['*'], ['credits'], ['c*', 'memory']]),
      method: draw.pick(['demand', 'demand', 'fair'] as const),
      deadZonePermille: draw.pick([0, 50, 300]),
      everyMs: draw.pick([100, 700, 3_000]),
    })),
    forecast: draw.maybe(400, () => ({
      horizonMs: draw.pick([500, 5_000, 60_000, 7_200_000]),
      windowMs: draw.pick([120, 6_000, 3_600_000]),
      leastSamples: draw.pick([2, 3, 5]),
    })),
    recovery: draw.maybe(300, () => drawRecovery(scene)),
    rules: draw.maybe(300, () => drawRules(scene)),
    // Nobody waits longer for an approver than the run lasts.
    approvalMs: draw.pick([1, 800, 5_000]),
    pools: draw.maybe(300, () => drawPoolRules(scene)),
    tools: draw.maybe(250, () => drawTools(scene)),
    breakers: draw.maybe(350, () => drawBreakerRules(scene)),
    queueAges: apart.maybe(800, () => drawQueueAges(apart)),
    ...drawSafeguards(scene, credits),
  });
}

/** What is kept for emergencies and shed under pressure; how far a settle may go. */
function drawSafeguards(scene: Scene, credits: number): PolicyInput {
  const { draw } = scene;
  return {
    shedding: draw.maybe(350, () => drawShedding(scene)),
    reserves: draw.maybe(350, () => drawReserves(scene)),
    overrunMax: draw.maybe(300, () => (draw.isHit(250) ? null : { credits: draw.int(0, 60) })),
    settleMax: draw.maybe(150, () => ({ credits: Math.floor(credits / draw.int(1, 4)) })),
  };
}

/** Bounds that queues reach while the plan runs; few wait for capacities, and not for long. */
function drawQueueAges(draw: Draw): NonNullable<PolicyInput['queueAges']> {
  const resource = draw.pick(['*', '*', '*', 's*', 'con*']);
  const bounds = draw.pick([
    { noticeMs: 1, warningMs: 30, criticalMs: 200 },
    { noticeMs: 10, warningMs: 11, criticalMs: 600 },
    { warningMs: 100 },
    { noticeMs: 50, criticalMs: 3_000 },
  ]);
  return [{ resource, ...bounds }];
}

/** Of capacities that come under pressure often. */
function drawShedding({ draw }: Scene): NonNullable<PolicyInput['shedding']> {
  const onPermille = draw.pick([100, 500, 500, 900, 1_000]);
  return {
    [draw.pick(['memory', 'memory', 'concurrency', 'slot.gpu'])]: {
      onPermille,
      offPermille: draw.pick([0, 50, Math.floor(onPermille / 2), onPermille - 1]),
      graceMs: draw.pick([100, 500, 5_000]),
      idleMs: draw.maybe(500, () => draw.pick([1, 400, 5_000])) ?? null,
    },
  };
}

/** Who may be evicted for whom. */
function drawPreemption({ draw, team, nodes }: Scene): NonNullable<PolicyInput['preemption']> {
  return withoutGaps<NonNullable<PolicyInput['preemption']>>({
    withinNode: draw.pick(['never', 'lower', 'lower', 'lowerOrNewerEqual', 'any', 'any'] as const),
    graceMsMax: draw.pick([0, 500, 60_000]),
    minRuntimeMs: draw.pick([0, 0, 0, 400, 5_000]),
    reclaim: draw.maybe(300, () => draw.pick(['never', 'lower', 'any'] as const)),
    whileBorrowing: draw.maybe(200, () => ({ policy: draw.pick(['never', 'lower'] as const) })),
    evictionsMax: draw.maybe(300, () => draw.pick([1, 2])),
    extendDeadline: draw.maybe(300, () => true),
    nodes: draw.maybe(250, () => ({
      [draw.pick([team, ...nodes.map(({ path }) => path)])]: {
        boost: draw.pick([-150, 50, 150]),
      },
    })),
  });
}

/** Of what swarms limit, a share or an amount; once in a while of what cannot be reserved. */
function drawReserves({ draw, nodes }: Scene): NonNullable<PolicyInput['reserves']> {
  const swarms = nodes.filter(({ path }) => path.split('/').length === 2);
  const key = draw.pick(['credits', 'credits', 'memory', 'tool_calls', 'rate.search']);
  const named = swarms.length > 0 && draw.isHit(250) ? `${draw.pick(swarms).path}|${key}` : key;
  return {
    [named]: draw.isHit(700)
      ? { permille: draw.pick([1, 100, 100, 300, 500]) }
      : { amount: draw.int(1, 200) },
  };
}

/** Above an amount that some requests reach: an approver, or no. */
function drawRules({ draw, nodes, agents }: Scene): NonNullable<PolicyInput['rules']> {
  return draw.times(draw.int(1, 2), () => {
    const resource = draw.pick(['credits', 'credits', 'tool_calls', 'rate.search', 'memory']);
    const roles = draw.maybe(200, () => [draw.pick(['agent', 'lead', 'operator'] as const)]);
    const who = draw.maybe(200, () => [draw.pick(agents).name]);
    return {
      path: draw.pick(nodes).path,
      resource,
      above: draw.pick([0, 1, 20, 5_000]),
      effect: draw.pick(['approve', 'approve', 'approve', 'deny'] as const),
      ...(roles === undefined ? {} : { roles }),
      ...(who === undefined ? {} : { agents: who }),
    };
  });
}

/** Tools that are denied, or all but some. */
function drawTools({ draw, nodes }: Scene): NonNullable<PolicyInput['tools']> {
  const patterns = () => [draw.pick(['search', 's*', '*', 'gpu', '*b', 'g*u', 'none'])];
  return draw.times(draw.int(1, 2), () => ({
    path: draw.pick(nodes).path,
    ...(draw.isHit(500) ? { allow: patterns() } : {}),
    ...(draw.isHit(600) ? { deny: patterns() } : {}),
  }));
}
