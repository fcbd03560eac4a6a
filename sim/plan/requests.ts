import type { CommandInput } from '../../events/commands.ts';
import { askedAmount, share } from './amounts.ts';
import type { PlannedCommandOf } from './job.ts';
import { drawGroups } from './pools.ts';
import { isRate, RESOURCES, type ResourceKind } from './resources.ts';
import type { Scene } from './scene.ts';
import { workPaths } from './tree.ts';

export type PlannedRequest = PlannedCommandOf<'request'> & { readonly id: string };
type Items = Extract<CommandInput, { op: 'request' }>['items'];

/** How a request is drawn; each is a weight or a share in thousandths. */
export interface Leaning {
  /** Requests that may wait. */
  readonly waitPermille: number;
  /** Requests that name a strategy. */
  readonly strategyPermille: number;
  /** Requests of another priority than the default. */
  readonly priorityPermille: number;
  /** Requests that name groups of pools. */
  readonly poolsPermille: number;
  readonly kinds: Readonly<Record<ResourceKind | 'bundle', number>>;
}

export const EVEN: Leaning = {
  waitPermille: 350,
  strategyPermille: 120,
  priorityPermille: 500,
  poolsPermille: 60,
  kinds: { consumable: 46, tool: 14, capacity: 14, slot: 12, bundle: 14 },
};

/** Draws a request of the team, mostly one that is legal. */
export function drawRequest(scene: Scene, leaning: Leaning = EVEN): PlannedRequest {
  const { draw } = scene;
  const path = drawPath(scene);
  const isWaiting = draw.isHit(leaning.waitPermille);
  const anyOf = draw.maybe(leaning.poolsPermille, () => drawGroups(scene));
  const named = anyOf?.flatMap(({ pools }) => pools);
  return withoutGaps({
    op: 'request',
    id: scene.newId('r'),
    path,
    items:
      anyOf !== undefined && draw.isHit(600)
        ? {}
        : without(drawItems(scene, path, leaning), draw.isHit(950) ? named : undefined),
    anyOf,
    priority: draw.maybe(leaning.priorityPermille, () => drawPriority(scene)),
    businessImpact: draw.maybe(150, () => draw.int(0, 100)),
    deadlineMs: draw.maybe(80, () => draw.pick([200, 1_500, 20_000, 60_000])),
    expectedMs: draw.maybe(150, () => draw.pick([0, 100, 5_000])),
    ttlMs: draw.maybe(600, () => draw.pick([10, 300, 2_000, 8_000, 20_000, 60_000, 86_400_000])),
    maxWaitMs: isWaiting ? draw.pick([1, 300, 2_000, 8_000, 25_000, 25_000]) : undefined,
    graceMs: draw.maybe(250, () => draw.pick([0, 200, 1_500, 6_000])),
    strategy: draw.maybe(leaning.strategyPermille, () =>
      draw.pick([
        'first_come_first_served',
        'priority_based',
        'proportional_sharing',
        'preemption_allowed',
        'preemption_allowed',
        'queue_and_wait',
      ] as const),
    ),
    preemptible: draw.maybe(100, () => draw.isHit(200)),
    topUpLater: isWaiting ? draw.maybe(400, () => true) : undefined,
  });
}

/** The amounts of a request, without those that policy bounds; of a group those of its first pool. */
export function amountsOf({ items = {}, anyOf = [] }: PlannedRequest): Record<string, number> {
  return Object.fromEntries([
    ...Object.entries(items).map(([resource, { amount = 25 }]) => [resource, amount] as const),
    ...anyOf.map(({ pools, amount }) => [pools[0] as string, amount] as const),
  ]);
}

/** The same without the fields that are undefined: a plan is JSON. */
export function withoutGaps<Value extends object>(value: Gappy<Value>): Value {
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => field !== undefined),
  ) as Value;
}

export type Gappy<Value> = { [Key in keyof Value]: Value[Key] | undefined };

function drawPath(scene: Scene): string {
  const { draw } = scene;
  const works = workPaths(scene);
  const inner = (tier: 'run' | 'swarm' | 'team') => draw.pick(scene.ofTier(tier)).path;
  return draw.weighted<() => string>([
    [78, () => draw.pick(works)],
    [9, () => inner('run')],
    [5, () => inner('swarm')],
    [3, () => inner('team')],
    [2, () => `${inner('swarm')}/new/x`],
    [2, () => `${draw.pick(works)}/too/deep`],
    [1, () => (scene.closed.length > 0 ? draw.pick(scene.closed) : inner('run'))],
  ])();
}

function drawItems(scene: Scene, path: string, { kinds }: Leaning): Items {
  const { draw } = scene;
  const kind = draw.weighted(
    Object.entries(kinds).map(([name, weight]) => [weight, name as keyof typeof kinds] as const),
  );
  const resources =
    kind === 'bundle'
      ? draw.shuffled(Object.values(RESOURCES).flat()).slice(0, draw.int(2, 4))
      : [
          draw.weighted([
            [70, RESOURCES[kind][0] as string],
            [30, draw.pick(RESOURCES[kind])],
          ]),
        ];
  return Object.fromEntries(
    resources.map((resource) => [resource, drawItem(scene, path, resource)]),
  );
}

/** Items but for those that are pools of a group; with them the request is malformed. */
function without(items: Items, pools: readonly string[] = []): Items {
  return Object.fromEntries(Object.entries(items ?? {}).filter(([name]) => !pools.includes(name)));
}

function drawItem(scene: Scene, path: string, resource: string) {
  const { draw } = scene;
  if (draw.isHit(25)) return {};
  const amount = askedAmount(draw, scene.limitOf(path, resource));
  if (isRate(resource) && !draw.isHit(30)) return { amount };
  const min = draw.maybe(300, () => (draw.isHit(200) ? 0 : share(draw, amount, 100, 1_000)));
  return min === undefined ? { amount } : { amount, min: Math.min(min, amount) };
}

function drawPriority({ draw }: Scene) {
  return draw.weighted<PlannedRequest['priority']>([
    [22, 'low'],
    [12, 'normal'],
    [24, 'high'],
    [16, 'critical'],
    [12, 'emergency'],
    [14, draw.int(-50, 400)],
  ]);
}
