import type { AnswerOf } from '../../events/answers.ts';
import type { BalanceLine } from '../../events/balance-line.ts';
import type { CrisisView } from '../../events/crisis-view.ts';
import { isWithin } from '../../events/names.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import { committed, pathLimit, pathRoom, room, treeSum, unlent } from './books.ts';
import { canonical } from './content.ts';
import type { ModelNode } from './nodes.ts';
import { spentOwn, spentTree, windowOver } from './spent.ts';
import type { State } from './state.ts';

/** A node as `balance` shows it, counted from the books. */
export type ModelBalance = Omit<
  AnswerOf<'balance'>,
  | 'outcome'
  | 'id'
  | 'replayed'
  | 'decidedMsAgo'
  | 'idempotent'
  | 'evidence'
  // Durations from the moment of the answer, which the books do not know.
  | 'deadlineInMs'
  | 'reservations'
  | 'crisis'
> & {
  /** Of a team or swarm: how it fares, without what its level admits and until when. */
  readonly crisis?: Pick<CrisisView, 'state' | 'level'>;
};

/** The balance of an open node, or undefined. Lines of all accounts that were ever touched. */
export function balanceOf(state: State, path: string): ModelBalance | undefined {
  const node = state.nodes.get(path);
  if (node === undefined) return undefined;
  const resources = [...node.accounts.keys()].sort();
  return {
    path,
    tier: node.tier,
    phase: node.isClosing ? 'closing' : node.freezes.size > 0 ? 'frozen' : 'open',
    frozen: node.freezes.size > 0,
    freezes: [...node.freezes.keys()].sort(),
    stops: [...node.stops.keys()].sort(),
    ...crisisOf(node),
    liveAllocations: [...state.live.values()].filter((live) => isWithin(live.path, path)).length,
    lines: resources.map((resource) => lineOf(state, node, resource)),
    children: [...node.children].map((child) => child.slice(path.length + 1)).sort(),
  };
}

/** S §8: stopped while a stop is in force, else as bad as its level. */
function crisisOf({ tier, stops, level, recovery }: ModelNode): Pick<ModelBalance, 'crisis'> {
  if (tier !== 'team' && tier !== 'swarm') return {};
  if (stops.size > 0) return { crisis: { state: 'stopped', level } };
  if (recovery !== null) return { crisis: { state: 'recovering', level } };
  const state = level === 0 ? 'normal' : level < 3 ? 'degraded' : 'emergency';
  return { crisis: { state, level } };
}

/** One line of it. */
function lineOf(state: State, node: ModelNode, resource: string): BalanceLine {
  const { nodes } = state;
  const account = node.accounts.get(resource);
  const left = room(nodes, node, resource);
  const overall = pathRoom(nodes, node.path, resource);
  const type = resourceTypeOf(resource);
  const guarantee = account?.guarantee ?? 0;
  const inUse = committed(nodes, node, resource);
  return {
    resource,
    unit: type?.unit ?? '',
    class: type?.class ?? '',
    limit: account?.limit ?? null,
    effectiveLimit: pathLimit(nodes, node.path, resource),
    guarantee,
    lend: account === undefined ? 0 : account.lend,
    lent: Math.max(0, guarantee - Math.max(unlent(account), inUse)),
    borrowed: node.path === state.team ? 0 : Math.max(0, inUse - guarantee),
    held: account?.held ?? 0,
    spent: spentOwn(nodes, node, resource),
    heldTree: treeSum(nodes, node, resource, 'held'),
    spentTree: spentTree(nodes, node, resource, windowOver(nodes, node, resource)),
    spentTotal: spentTree(nodes, node, resource),
    carried: account?.carried ?? 0,
    granted: account?.granted ?? 0,
    earmarked: account?.earmarked ?? 0,
    booked: account?.booked ?? 0,
    ...(account !== undefined && account.reserveTarget > 0
      ? { reserved: account.reserved, reserveTarget: account.reserveTarget }
      : {}),
    committed: inUse,
    available: Number.isFinite(left) ? Math.max(0, left) : null,
    effectiveAvailable: Number.isFinite(overall) ? overall : null,
    short: left < 0,
    shortBy: left < 0 ? -left : 0,
    peakHeld: account?.peakHeld ?? 0,
  };
}

/**
 * What of a balance differs from the model's, field by field; empty where nothing does. Lines of
 * accounts in which nothing is and was are optional.
 */
export function differences(shown: AnswerOf<'balance'>, model: ModelBalance): string[] {
  const found: string[] = [];
  for (const field of ['path', 'tier', 'phase', 'frozen', 'liveAllocations'] as const) {
    if (shown[field] !== model[field]) found.push(`${field} ${shown[field]}, not ${model[field]}`);
  }
  for (const field of ['state', 'level'] as const) {
    const [is, should] = [shown.crisis?.[field], model.crisis?.[field]];
    if (is !== should) found.push(`${field} ${is}, not ${should}`);
  }
  for (const field of ['freezes', 'stops', 'children'] as const) {
    const [is, should] = [shown[field], model[field]].map((list) => canonical([...list].sort()));
    if (is !== should) found.push(`${field} ${is}, not ${should}`);
  }
  const lines = new Map(shown.lines.map((line) => [line.resource, line]));
  for (const line of model.lines) {
    const other = lines.get(line.resource);
    lines.delete(line.resource);
    if (other === undefined) {
      if (!isBlank(line)) found.push(`no line of ${line.resource}`);
    } else found.push(...lineDifferences(other, line));
  }
  for (const line of lines.values())
    if (!isBlank(line)) found.push(`${line.resource} out of nothing`);
  return found;
}

function lineDifferences(shown: BalanceLine, model: BalanceLine): string[] {
  return (Object.keys(model) as (keyof BalanceLine)[]).flatMap((field) =>
    shown[field] === model[field]
      ? []
      : [`${field} of ${model.resource} ${shown[field]}, not ${model[field]}`],
  );
}

function isBlank({ limit, guarantee, committed: all, heldTree, peakHeld }: BalanceLine): boolean {
  return limit === null && guarantee + all + heldTree + peakHeld === 0;
}
