import type { ResourceLimits } from '../../events/commands.ts';
import type { Draw } from './draw.ts';
import type { PlannedCommand } from './job.ts';
import { drawRate } from './meters.ts';
import { poolLimits } from './pools.ts';
import type { JobDraft, Scene, SceneNode } from './scene.ts';
import { drawTerms } from './terms.ts';

/** How large the numbers of a team are. */
type Scale = 'small' | 'ordinary' | 'edge' | 'none';

/** Between the tiers, so that a parent is open before its children, ms. */
const TIER_MS = 150;

/**
 * Plans the nodes of a team, and the jobs of its operator that open them.
 * @param size 0 the smallest tree, 3 the largest
 */
export function plantTree(scene: Scene, size: number): JobDraft[] {
  const { draw, team } = scene;
  const scale = draw.weighted<Scale>([
    [60, 'small'],
    [30, 'ordinary'],
    [6, 'edge'],
    [4, 'none'],
  ]);
  scene.nodes.push({ path: team, tier: 'team', limits: teamLimits(draw, scale) });
  for (let s = 0; s < draw.int(1, Math.max(1, size)); s += 1) {
    const swarm = add(scene, `${team}/s${s}`, 'swarm');
    for (let r = 0; r < draw.int(1, 1 + size); r += 1) {
      const run = add(scene, `${swarm.path}/r${r}`, 'run');
      if (draw.isHit(250)) {
        const sub = add(scene, `${run.path}/sub`, 'run');
        if (draw.isHit(300)) add(scene, `${sub.path}/deep`, 'run');
      }
      if (draw.isHit(400)) add(scene, `${run.path}/a`, 'step');
    }
  }
  return openings(scene);
}

/** Where work may be asked for: all steps of the tree, and some that open by themselves. */
export function workPaths(scene: Scene): string[] {
  const steps = scene.ofTier('step').map(({ path }) => path);
  const auto = scene.ofTier('run').flatMap(({ path }) => [`${path}/a`, `${path}/b`, `${path}/c`]);
  return [...new Set([...steps, ...auto])];
}

function add(scene: Scene, path: string, tier: 'swarm' | 'run' | 'step'): SceneNode {
  const node: SceneNode = { path, tier, limits: nodeLimits(scene, path) };
  scene.nodes.push(node);
  return node;
}

function openings(scene: Scene): JobDraft[] {
  const { draw, team } = scene;
  return scene.nodes.map(({ path, tier, limits }): JobDraft => {
    const depth = path.split('/').length;
    const command: PlannedCommand = {
      op: 'open',
      id: scene.newId('o'),
      path,
      ...(tier === 'step' ? { tier } : {}),
      ...(Object.keys(limits).length > 0 ? { limits } : {}),
      ...(depth > 1 && draw.isHit(50) ? { deadlineMs: draw.pick([2_000, 9_000, 40_000]) } : {}),
      ...(draw.isHit(200) ? { weightMilli: draw.pick([1, 500, 3_000]) } : {}),
    };
    const atMs = (depth - 1) * TIER_MS;
    return { kind: 'call', atMs, agent: 'operator', team, command, isPersistent: true };
  });
}

function teamLimits(draw: Draw, scale: Scale): ResourceLimits {
  if (scale === 'none') return {};
  const credits = {
    small: draw.int(40, 600),
    ordinary: draw.int(1, 40) * 250_000,
    edge: Number.MAX_SAFE_INTEGER - draw.int(0, 2),
  }[scale];
  return {
    credits: { limit: credits },
    compute_ms: { limit: draw.int(1, 20) * 1_000 },
    tool_calls: { limit: draw.int(20, 200) },
    'tool.search': { limit: draw.int(5, 60) },
    'rate.search': drawRate(draw, 12),
    model_tokens_per_minute: drawRate(draw, 400),
    memory: { limit: draw.int(20, 200) },
    concurrency: { limit: draw.int(1, 6) },
    'slot.gpu': { limit: 1 },
    'slot.db': { limit: draw.int(1, 3) },
    ...poolLimits(draw),
  };
}

/** Limits and guarantees of a node of its own: none, 0, less than its parent's, more. */
function nodeLimits(scene: Scene, path: string): ResourceLimits {
  const { draw } = scene;
  const limits: Record<string, ResourceLimits[string]> = {};
  if (draw.isHit(60)) limits['allocations'] = { limit: draw.int(1, 6) };
  if (draw.isHit(80)) limits['pool.a'] = { limit: draw.int(0, 3) };
  if (draw.isHit(150)) limits['rate.search'] = drawRate(draw, 8);
  for (const resource of ['credits', 'tool_calls', 'memory', 'concurrency', 'slot.gpu']) {
    if (!draw.isHit(220)) continue;
    const above = scene.limitOf(path, resource) ?? 1_000;
    const limit = draw.weighted<number | null>([
      [50, Math.max(1, Math.floor(above / draw.int(2, 4)))],
      [10, Math.min(Number.MAX_SAFE_INTEGER, above * 2)],
      [8, above],
      [4, 0],
      [8, null],
    ]);
    const most = Math.min(limit ?? above, above);
    const guarantee = draw.maybe(300, () => Math.floor(most / draw.int(2, 8)));
    limits[resource] = {
      limit,
      ...(guarantee === undefined ? {} : { guarantee }),
      ...drawTerms(draw, resource, guarantee ?? most),
    };
  }
  return limits;
}
