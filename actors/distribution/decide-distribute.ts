import type { AnswerOf, Refusal } from '../../events/answers.ts';
import type { CommandOf } from '../../events/commands.ts';
import type { ShareTerms } from '../../events/distribution.ts';
import type { Division } from '../../events/division.ts';
import { LIMITS } from '../../events/limits.ts';
import { refuse } from '../../events/refusals.ts';
import { commandCause } from '../allocations/decide-settle.ts';
import { dividerOf, sharedRefusal, sharesRefusal } from '../branches/branch-refusal.ts';
import { answered, type Context, type Decision, recorded, stamp } from '../context.ts';
import { barredFor } from '../nodes/decide-node.ts';
import { type Node, nameOf } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import { divideResource } from './divide-resource.ts';

/**
 * Divides what a node has over its children (T-08, T-14): every resource over every child that takes
 * part, or nothing. No child gets less than it has committed and all together no more than there is.
 */
export function decideDistribute(
  team: Team,
  command: CommandOf<'distribute'>,
  ctx: Context,
): Decision {
  const { path, sets, amounts } = command;
  const parent = team.nodes.get(path);
  if (parent === undefined) return answered(refuse('unknown_node', `${path} is not open`));
  const barred = barredFor(parent, 'grown');
  if (barred !== undefined) return answered(barred);
  const children = takingPart(team, parent, command);
  if ('outcome' in children) return answered(children);
  for (const child of children) {
    const shared = sharedRefusal(team, dividerOf(child), child.path, Object.keys(amounts));
    if (shared !== undefined) return answered(shared);
    const shares = sets === 'limit' ? sharesRefusal(team, child, Object.keys(amounts)) : undefined;
    if (shares !== undefined) return answered(shares);
  }
  if (children.length * Object.keys(amounts).length > LIMITS.sharesMax) {
    const message = `${children.length} children of ${path} would take part, with all resources more than ${LIMITS.sharesMax} shares: name some`;
    return answered(refuse('malformed', message, { field: 'children' }));
  }
  const divisions: Division[] = [];
  for (const resource of Object.keys(amounts).sort()) {
    const termsOf = (child: Node): ShareTerms => command.children?.[nameOf(child)] ?? {};
    const division = divideResource(team, parent, children, resource, termsOf, command);
    if ('outcome' in division) return answered(division);
    divisions.push(division);
  }
  if (command.dryRun) return answered(planned(path, sets, divisions));
  return recorded({
    ...stamp('Distributed', team, ctx.atMs),
    ...commandCause(command, ctx),
    path,
    sets,
    divisions,
  });
}

/** Those who are named, or all that are open and do not close by themselves; in order of names. */
function takingPart(
  team: Team,
  parent: Node,
  { path, children }: CommandOf<'distribute'>,
): readonly Node[] | Refusal {
  if (children === undefined) {
    const open = [...parent.children].filter((child) => child.phase === 'open' && !child.isAuto);
    if (open.length > 0) return open.sort((a, b) => (a.path < b.path ? -1 : 1));
    return refuse(
      'unknown_node',
      `${path} has no open children; name steps that opened themselves`,
    );
  }
  const named: Node[] = [];
  for (const name of Object.keys(children).sort()) {
    const child = team.nodes.get(`${path}/${name}`);
    if (child === undefined) return refuse('unknown_node', `${path}/${name} is not open`);
    const barred = barredFor(child, 'grown');
    if (barred !== undefined) return barred;
    named.push(child);
  }
  return named;
}

function planned(
  path: string,
  sets: CommandOf<'distribute'>['sets'],
  divisions: readonly Division[],
): AnswerOf<'would_distribute'> {
  return { outcome: 'would_distribute', path, sets, divisions: [...divisions] };
}
