import type { Refusal } from '../../events/answers.ts';
import type { CommandOf, ResourceLimits } from '../../events/commands.ts';
import type { BursarEvent, EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { refuse } from '../../events/refusals.ts';
import type { GrantRecord, GrantTerms, WindowSpan } from '../../events/window.ts';
import { isConsumable } from '../accounts/registry.ts';
import { commandCause } from '../allocations/decide-settle.ts';
import { answered, type Context, type Decision, recorded, stamp } from '../context.ts';
import type { Node } from '../nodes/node.ts';
import { accountOfKey, type Team } from '../team.ts';
import type { Due } from '../timers.ts';
import { windowEndAfter } from './calendar.ts';
import { countsSinceMs, debtIn } from './window.ts';

/** Ends the window of an account by hand; its next end by itself stays what it was. */
export function decideResetWindow(
  team: Team,
  command: CommandOf<'resetWindow'>,
  ctx: Context,
): Decision {
  const { path, resource } = command;
  const node = team.nodes.get(path);
  if (node === undefined) return answered(refuse('unknown_node', `${path} is not open`));
  const account = node.accounts.get(resource);
  if (account?.window == null) {
    return answered(refuse('no_window', `${path} defines no window of ${resource}`));
  }
  const { spec, endsAtMs } = account.window;
  const carries = command.carryDebt ?? spec.carryDebt;
  return recorded({
    ...stamp('WindowOpened', team, ctx.atMs),
    ...commandCause(command, ctx),
    path,
    resource,
    span: { startsAtMs: ctx.atMs, endsAtMs },
    spent: account.spentTree,
    ...(carries ? { carried: debtIn(account) } : {}),
  });
}

/** Takes back what is left of a grant. */
export function decideVoidGrant(
  team: Team,
  command: CommandOf<'voidGrant'>,
  ctx: Context,
): Decision {
  const { path } = command;
  const node = team.nodes.get(path);
  if (node === undefined) return answered(refuse('unknown_node', `${path} is not open`));
  const ofNode = [...node.accounts.values()].flatMap(({ grants }) => grants?.grants ?? []);
  const isOver = ({ terms, voidedAtMs }: (typeof ofNode)[number]) =>
    voidedAtMs !== null || (terms.endsAtMs ?? Infinity) <= ctx.atMs;
  if (!ofNode.some((grant) => grant.id === command.grant && !isOver(grant))) {
    const inForce = ofNode.filter((grant) => !isOver(grant)).map(({ id }) => id);
    const message = `${path} has no grant ${command.grant}; it has ${inForce.join(', ') || 'none'}`;
    return answered(refuse('unknown_grant', message));
  }
  return recorded({
    ...stamp('GrantVoided', team, ctx.atMs),
    ...commandCause(command, ctx),
    path,
    grant: command.grant,
  });
}

/** The terms of a top-up as they are recorded, or why it can be none. */
export function grantRecordOf(
  team: Team,
  node: Node,
  amounts: CommandOf<'topUp'>['amounts'],
  terms: GrantTerms,
  atMs: number,
): GrantRecord | Refusal {
  for (const resource in amounts) {
    const account = node.accounts.get(resource);
    if (!isConsumable(team.resources, resource)) {
      return refuse('window_not_possible', `${resource} is no consumable: nothing of it is burnt`);
    }
    const grants = account?.grants?.grants ?? [];
    const inForce = grants.filter(
      (one) => one.voidedAtMs === null && (one.terms.endsAtMs ?? Infinity) > atMs,
    );
    if (inForce.length >= LIMITS.grantsPerAccountMax) {
      const message = `${node.path} has ${inForce.length} grants of ${resource}, the most there are`;
      return refuse('too_many_grants', message);
    }
    let most = (account?.base ?? 0) + (account?.spentTree ?? 0) + (account?.carried ?? 0);
    for (const { amount } of inForce) most += amount;
    if (most + (amounts[resource] as number) > Number.MAX_SAFE_INTEGER) {
      return refuse('amount_out_of_range', `${resource} would exceed 2^53`);
    }
  }
  const { priority, startInMs, forMs, recurrence, rollover, left } = terms;
  const startsAtMs = atMs + startInMs;
  return {
    priority,
    startsAtMs,
    endsAtMs: forMs === undefined ? null : startsAtMs + forMs,
    ...(recurrence === undefined
      ? {}
      : {
          recurrence: { everyMs: recurrence.everyMs, anchorMs: atMs + recurrence.anchorInMs },
        }),
    ...(rollover === undefined ? {} : { rollover }),
    ...(left === undefined ? {} : { left }),
  };
}

/** Refuses a window that cannot be: of another class, beside a guarantee, in an unknown zone. */
export function windowRefusal(
  team: Team,
  resource: string,
  wish: ResourceLimits[string],
  node: Node | undefined,
): Refusal | undefined {
  const account = node?.accounts.get(resource);
  const hasWindow = wish.window !== undefined || account?.window != null;
  if ((hasWindow || wish.thresholds) && !isConsumable(team.resources, resource)) {
    return refuse('window_not_possible', `${resource} is no consumable`);
  }
  if (hasWindow && (wish.guarantee ?? account?.guarantee ?? 0) > 0) {
    return refuse('window_not_possible', `${resource} has a guarantee, of which no window is`);
  }
  const tz = wish.window?.tz ?? 'UTC';
  if (team.offsetOf(tz, 0) !== undefined) return undefined;
  return refuse('window_not_possible', `${tz} is no zone that is known here`);
}

/** The windows that begin with new limits: a changed one has begun when the one before did. */
export function windowsOf(
  team: Team,
  path: string,
  limits: ResourceLimits,
  atMs: number,
): { windows?: Record<string, WindowSpan> } {
  const windows: Record<string, WindowSpan> = {};
  const node = team.nodes.get(path);
  for (const [resource, { window }] of Object.entries(limits)) {
    if (window === undefined) continue;
    const startsAtMs = node === undefined ? atMs : countsSinceMs(node, resource);
    windows[resource] = { startsAtMs, endsAtMs: windowEndAfter(window, atMs, team.offsetOf) };
  }
  return Object.keys(windows).length === 0 ? {} : { windows };
}

/** The next window of an account whose window has run out. */
export function windowDue(team: Team, due: Due, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(due.id);
  const node = team.nodes.get(path);
  const account = node?.accounts.get(resource);
  const window = account?.window;
  if (node === undefined || account === undefined || window?.endsAtMs !== due.atMs) return [];
  const opened: EventOf<'WindowOpened'> = {
    ...stamp('WindowOpened', team, atMs),
    path,
    resource,
    span: spanFrom(team, node, resource, due.atMs, atMs),
    spent: account.spentTree,
    ...(window.spec.carryDebt ? { carried: debtIn(account) } : {}),
  };
  return [opened];
}

/** Windows that came and went while nobody wrote are passed over, unless grants changed in them. */
function spanFrom(
  team: Team,
  node: Node,
  resource: string,
  fromMs: number,
  atMs: number,
): WindowSpan {
  const spec = node.accounts.get(resource)?.window?.spec;
  if (spec === undefined) return { startsAtMs: fromMs, endsAtMs: null };
  let startsAtMs = fromMs;
  let endsAtMs = windowEndAfter(spec, startsAtMs, team.offsetOf);
  const isQuiet = !hasGrants(node, resource);
  for (let passed = 0; isQuiet && endsAtMs !== null && endsAtMs <= atMs; passed += 1) {
    // Stretches of a day come by the thousand.
    startsAtMs = passed < PASSED_MAX ? endsAtMs : atMs;
    endsAtMs = windowEndAfter(spec, startsAtMs, team.offsetOf);
  }
  return { startsAtMs, endsAtMs };
}

/** Windows that are passed over one by one; after so many the next begins now. */
const PASSED_MAX = 100;

function hasGrants(node: Node, resource: string): boolean {
  if (node.accounts.get(resource)?.grants != null) return true;
  for (const child of node.children) if (hasGrants(child, resource)) return true;
  return false;
}
