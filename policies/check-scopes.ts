import { teamOf } from '../events/names.ts';
import type { Policy } from '../events/policy.ts';
import { reserveKey } from '../events/reserve-rules.ts';
import { BUILT_IN_RESOURCES, type Registry, resourceTypeOf } from '../events/resources.ts';
import { isIllegalStrategy, isStrategyKey, strategyResource } from '../events/strategy-keys.ts';
import type { Note } from './check-meaning.ts';
import { closestTo } from './did-you-mean.ts';
import type { FieldPath } from './problem.ts';

interface Named {
  readonly path: FieldPath;
  readonly name: string;
  readonly isKey: boolean;
}

/** Nodes that are named lie in the team; resources that are named are in its registry. */
export function checkScopes(policy: Policy, team: string | undefined, note: Note): void {
  checkStrategyKeys(policy, note);
  const [first] = nodesIn(policy);
  const own = team ?? (first === undefined ? undefined : teamOf(first.name));
  for (const { path, name, isKey } of nodesIn(policy)) {
    if (teamOf(name) === own) continue;
    const message = `${name} lies in the team ${teamOf(name)}, and this policy is of ${own}`;
    note('error', path, message, `Name a node of ${own}.`, isKey || undefined);
  }
  for (const { path, name, isKey } of resourcesIn(policy)) {
    if (resourceTypeOf(name, policy.resources) !== undefined) continue;
    note(
      'error',
      path,
      `no resource is called ${name}`,
      adviceFor(name, policy),
      isKey || undefined,
    );
  }
}

/** A resource of which something is said, and of which class: consumable unless registered. */
function adviceFor(name: string, { resources }: { readonly resources: Registry }): string {
  const meant = closestTo(name, [...Object.keys(BUILT_IN_RESOURCES), ...Object.keys(resources)]);
  const add = 'Add it to `resources`, or use tool.NAME, slot.NAME, rate.NAME.';
  return meant === undefined ? add : `Did you mean ${meant}? ${add}`;
}

function checkStrategyKeys({ strategies, resources }: Policy, note: Note): void {
  for (const [key, strategy] of Object.entries(strategies)) {
    if (isIllegalStrategy(key, strategy, resources)) {
      const message = `${strategyResource(key)} is not shared in proportion: one has it, or a time`;
      note('error', ['strategies', key], message, 'Use queue_and_wait or priority_based.');
    }
    if (isStrategyKey(key)) continue;
    const message = `'${key}' is no scope of a strategy`;
    note(
      'error',
      ['strategies', key],
      message,
      'Write RESOURCE, *, PATH|RESOURCE or PATH|*.',
      true,
    );
  }
}

function nodesIn(policy: Policy): Named[] {
  const lists = ['rules', 'tools', 'caps'] as const;
  return [
    ...lists.flatMap((list) =>
      policy[list].map(({ path }, i) => ({ path: [list, i, 'path'], name: path, isKey: false })),
    ),
    ...(policy.rebalance?.path === undefined
      ? []
      : [{ path: ['rebalance', 'path'], name: policy.rebalance.path, isKey: false }]),
    ...policy.breakers.flatMap(({ path: name }, i) =>
      name === undefined ? [] : [{ path: ['breakers', i, 'path'], name, isKey: false }],
    ),
    ...Object.entries(policy.pools).flatMap(([pool, { nodes = [] }]) =>
      nodes.map((name, i) => ({ path: ['pools', pool, 'nodes', i], name, isKey: false })),
    ),
    ...reservesIn(policy).flatMap(({ path, swarm }) =>
      swarm === undefined ? [] : [{ path, name: swarm, isKey: true }],
    ),
    ...Object.keys(policy.preemption.nodes).map((name) => ({
      path: ['preemption', 'nodes', name],
      name,
      isKey: true,
    })),
    ...Object.keys(policy.strategies)
      .filter((key) => key.includes('|') && isStrategyKey(key))
      .map((key) => ({
        path: ['strategies', key],
        name: key.slice(0, key.indexOf('|')),
        isKey: true,
      })),
  ];
}

function resourcesIn(policy: Policy): Named[] {
  const maps = ['bounds', 'pools', 'overrunMax', 'settleMax'] as const;
  return [
    ...maps.flatMap((map) =>
      Object.keys(policy[map] ?? {}).map((name) => ({ path: [map, name], name, isKey: true })),
    ),
    ...policy.rules.map(({ resource }, i) => ({
      path: ['rules', i, 'resource'],
      name: resource,
      isKey: false,
    })),
    ...Object.keys(policy.strategies)
      .filter(isStrategyKey)
      .map((key) => ({
        path: ['strategies', key],
        name: strategyResource(key),
        isKey: true,
      }))
      .filter(({ name }) => name !== '*'),
  ];
}

function reservesIn({ reserves }: Policy) {
  return Object.keys(reserves).map((key) => ({ path: ['reserves', key], ...reserveKey(key) }));
}
