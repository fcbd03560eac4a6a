import type { ResourceLimits } from '../../events/commands.ts';
import type { Draw } from './draw.ts';
import type { PlannedCommandOf } from './job.ts';
import type { Scene } from './scene.ts';

/** The pools of a team, two of them of workers and one of bytes. */
const POOLS = ['pool.a', 'pool.b', 'pool.memory'] as const;

type Groups = NonNullable<PlannedCommandOf<'request'>['anyOf']>;
type Rules = NonNullable<PlannedCommandOf<'setPolicy'>['policy']['pools']>;

/** Capacities that the whole team shares; one of them a swarm's alone in some teams. */
export function poolLimits(draw: Draw): ResourceLimits {
  return {
    'pool.a': { limit: draw.int(1, 4) },
    'pool.b': { limit: draw.int(1, 4) },
    'pool.memory': { limit: draw.int(4, 40) },
  };
}

/** So much of one of some pools; now and then of a slot, or of something that is no pool. */
export function drawGroups({ draw }: Scene): Groups {
  const pools = draw.weighted<string[]>([
    [50, ['pool.a', 'pool.b']],
    [20, [...POOLS]],
    [10, ['pool.b', 'slot.db', 'pool.nobodys']],
    [10, ['pool.nobodys']],
    [4, ['pool.a', 'tool_calls']],
  ]);
  const amount = draw.pick([1, 1, 1, 2, 2, 3, 0, 50]);
  const min = draw.maybe(250, () => draw.int(0, amount));
  const group = { pools, amount, ...(min === undefined ? {} : { min }) };
  if (pools.length !== 2 || !draw.isHit(200)) return [group];
  return [group, { pools: ['pool.memory', 'memory'], amount: draw.int(1, 6) }];
}

/** Weights, and pools that are for some nodes alone. */
export function drawPoolRules({ draw, nodes }: Scene): Rules {
  const rules: Rules = {};
  for (const pool of [...POOLS, 'slot.db']) {
    if (!draw.isHit(400)) continue;
    rules[pool] = {
      ...(draw.isHit(600) ? { weightMilli: draw.pick([1, 500, 2_000]) } : {}),
      ...(draw.isHit(300) ? { nodes: [draw.pick(nodes).path] } : {}),
    };
  }
  return rules;
}
