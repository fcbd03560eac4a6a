import { callBy, governor } from './governing.ts';
import type { PlannedCommandOf } from './job.ts';
import { RESOURCES } from './resources.ts';
import type { JobDraft, Scene } from './scene.ts';

type Distribute = PlannedCommandOf<'distribute'>;
type Terms = NonNullable<Distribute['children']>[string];

/** A budget divided over children: by any method, of all there is, of a part, of too much. */
export function drawDistribute(scene: Scene, atMs: number): JobDraft[] {
  const { draw } = scene;
  const parents = scene.nodes.filter(({ path }) => childrenOf(scene, path).length > 0);
  const { path } =
    parents.length > 0 && draw.isHit(950) ? draw.pick(parents) : draw.pick(scene.nodes);
  const names = childrenOf(scene, path);
  const amounts: Record<string, number | 'all'> = {};
  for (let i = draw.int(1, 2); i > 0; i -= 1) {
    const resource = drawResource(scene);
    amounts[resource] = drawAmount(scene, path, resource);
  }
  const isNamed = names.length > 0 && draw.isHit(650);
  const chosen = draw.shuffled(names).slice(0, draw.int(1, names.length));
  if (draw.isHit(30)) chosen.push('gone');
  const resources = Object.keys(amounts);
  const children = Object.fromEntries(chosen.map((name) => [name, drawTerms(scene, resources)]));
  const method = draw.pick([
    ...(['proportional', 'priority', 'fair', 'demand', 'goal', 'predictive'] as const),
    ...(['auto', 'auto', 'previous'] as const),
  ]);
  const command: Distribute = {
    op: 'distribute',
    id: scene.newId('c'),
    path,
    amounts,
    method,
    ...(isNamed ? { children } : {}),
    ...(draw.isHit(300) ? { sets: 'guarantee' as const } : {}),
    ...(draw.isHit(250) ? { keepPermille: draw.pick([1, 100, 500, 1_000]) } : {}),
    ...(draw.isHit(80) ? { dryRun: true } : {}),
  };
  return [callBy(scene, atMs, command, governor(scene))];
}

function childrenOf(scene: Scene, path: string): string[] {
  return scene.nodes
    .filter(
      (node) => node.path.startsWith(`${path}/`) && !node.path.slice(path.length + 1).includes('/'),
    )
    .map((node) => node.path.slice(path.length + 1));
}

function drawResource({ draw }: Scene): string {
  return draw.weighted([
    [50, 'credits'],
    [15, draw.pick(RESOURCES.consumable)],
    [25, draw.pick(['memory', 'concurrency'])],
    [4, 'slot.db'],
    [4, 'allocations'],
    [2, 'rate.search'],
    [1, 'gold'],
  ]);
}

function drawAmount(scene: Scene, path: string, resource: string): number | 'all' {
  const { draw } = scene;
  const limit = scene.limitOf(path, resource) ?? 100;
  return draw.weighted<number | 'all'>([
    [60, 'all'],
    [30, Math.floor(limit / draw.int(1, 3))],
    [4, draw.int(0, 3)],
    [3, Math.min(Number.MAX_SAFE_INTEGER, limit + 1)],
    [1, Number.MAX_SAFE_INTEGER],
  ]);
}

function drawTerms({ draw }: Scene, resources: readonly string[]): Terms {
  const amounts = (permille: number, most: number) => {
    if (!draw.isHit(permille)) return undefined;
    return Object.fromEntries(resources.map((resource) => [resource, draw.int(0, most)]));
  };
  const terms: Record<string, unknown> = {
    weightMilli: draw.maybe(250, () => draw.pick([1, 700, 1_000_000])),
    priority: draw.maybe(300, () => draw.pick(['low', 'high', 250] as const)),
    goal: draw.maybe(200, () => ({
      weightMilli: draw.pick([500, 1_000, 4_000]),
      progressPermille: draw.pick([0, 300, 1_000]),
    })),
    need: amounts(400, 60),
    estimate: amounts(250, 60),
    min: amounts(120, 6),
    max: amounts(200, 90),
  };
  for (const field of Object.keys(terms)) if (terms[field] === undefined) delete terms[field];
  return terms as Terms;
}
