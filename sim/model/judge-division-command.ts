import type { CommandOf } from '../../events/commands.ts';
import type { Division } from '../../events/division.ts';
import type { Bench } from './bench.ts';
import { treeSum } from './books.ts';
import type { ModelNode } from './nodes.ts';
import { spentTree, windowOver } from './spent.ts';
import type { State } from './state.ts';

type Distribute = CommandOf<'distribute'>;

/** The amounts and terms are those of the command. */
export function judgeCommand(
  state: State,
  path: string,
  division: Division,
  command: Distribute,
  supply: number,
  find: Bench['find'],
): void {
  const { resource, total, kept, shares } = division;
  const asked = command.amounts[resource];
  const isAll = asked === 'all' && (state.policy.overcommit === 'refuse' || total === supply);
  if (!isAll && total !== asked) find('S §5', `${total} ${resource}, not ${asked}`, path);
  const floors = shares.reduce((sum, { floor }) => sum + BigInt(floor), 0n);
  const wished = (BigInt(total) * BigInt(command.keepPermille)) / 1_000n;
  const most = BigInt(total) - floors;
  if (BigInt(kept) !== (wished < most ? wished : most)) find('S §5', `${kept} is held back`, path);
  judgeTerms(state, path, division, command, find);
}

/** Needs, weights and priorities are those of the command, or of the books. */
function judgeTerms(
  state: State,
  path: string,
  { resource, method, rule, shares }: Division,
  { children, method: asked }: Distribute,
  find: Bench['find'],
): void {
  const isChosen = asked === 'auto' ? rule !== 'asked' : rule === 'asked' && method === asked;
  if (!isChosen) find('A-06', `${method} by ${rule}, where ${asked} was asked for`, path);
  const known = Object.values(children ?? {});
  const hasGoal = known.some(({ goal }) => goal !== undefined);
  if (asked === 'auto' && (method === 'goal') !== hasGoal) find('A-06', `${method}`, path);
  for (const { child, need, weight, priority } of shares) {
    if (children !== undefined && children[child] === undefined) {
      find('S §5', `${child} is not named`, path);
    }
    const node = state.nodes.get(`${path}/${child}`);
    const terms = children?.[child] ?? {};
    if (node === undefined) continue;
    const [given, guess] = [terms.need?.[resource], terms.estimate?.[resource]];
    const demand = demandOf(state, node, resource);
    const wanted = {
      proportional: given ?? guess ?? demand,
      priority: given ?? guess ?? demand,
      demand,
      previous: state.nodes.get(path)?.divided.get(resource)?.shares.get(child)?.was ?? null,
      predictive: withFifth(guess ?? given ?? demand),
      fair: given ?? null,
      goal: given ?? null,
    }[method];
    if (need !== wanted) find('A-01', `${child} needs ${wanted} ${resource}, not ${need}`, path);
    const { weightMilli = 1_000, progressPermille = 0 } = terms.goal ?? {};
    const own = terms.weightMilli ?? node.weightMilli;
    const heavy = method === 'goal' ? weightMilli * (1_000 - progressPermille) : own;
    if (weight !== heavy) find('A-03', `${child} weighs ${heavy}, not ${weight}`, path);
    if (priority !== (terms.priority ?? 100)) find('A-02', `${child} has ${priority}`, path);
  }
}

/** spent in this window and held, with all beneath, and what is waited for there. */
export function demandOf(state: State, node: ModelNode, resource: string): number {
  let demand =
    treeSum(state.nodes, node, resource, 'held') +
    spentTree(state.nodes, node, resource, windowOver(state.nodes, node, resource));
  for (const { ask, earmarked } of state.waiting.values()) {
    if (ask.path !== node.path && !ask.path.startsWith(`${node.path}/`)) continue;
    const amount = ask.items[resource]?.amount ?? state.policy.bounds[resource] ?? 0;
    demand += Math.max(amount, earmarked[resource] ?? 0);
  }
  return Math.min(demand, Number.MAX_SAFE_INTEGER);
}

function withFifth(estimate: number): number {
  const more = (BigInt(estimate) * 12n + 9n) / 10n;
  return Number(more < BigInt(Number.MAX_SAFE_INTEGER) ? more : Number.MAX_SAFE_INTEGER);
}
