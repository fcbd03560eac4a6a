import type { EventOf } from '../../events/events.ts';
import { isWithin } from '../../events/names.ts';
import type { BusinessRule } from '../../events/rules.ts';
import { termsOf } from './ask-terms.ts';
import { barsOf } from './barred.ts';
import type { Bench } from './bench.ts';
import type { State } from './state.ts';

/** T-05: a request waits for an approver only where a rule wants it, and for as long as policy says. */
export function judgeApprovalRequested(bench: Bench<EventOf<'ApprovalRequested'>>): void {
  const { state, event, find } = bench;
  const { ask, by, id } = event;
  for (const bar of barsOf(state, ask.path, event.priority)) {
    find('INV-9', `waits for approval on ${ask.path}, which is ${bar}`, id);
  }
  const met = rulesMet(state, by, ask);
  if (met.some(({ effect }) => effect === 'deny')) find('T-05', 'a rule denies it', id);
  const isSo = met.some(
    ({ resource, above }) => resource === event.resource && above === event.above,
  );
  if (!isSo) find('T-05', `no rule wants an approval above ${event.above} ${event.resource}`, id);
  const { whole, rates } = termsOf(ask, state);
  if ((whole[event.resource] ?? rates[event.resource]) !== event.requested)
    find('T-05', 'another amount is asked', id);
  if (event.untilMs !== event.atMs + state.policy.approvalMs) {
    find('T-05', `waits for ${event.untilMs - event.atMs} ms`, id);
  }
}

/** T-05: an approver speaks once, of a request of somebody else, beneath its own prefix. */
export function judgeSpoken({
  state,
  event,
  find,
  owe,
}: Bench<EventOf<'ApprovalGiven' | 'ApprovalDeclined'>>): void {
  const { request, by } = event;
  const pending = state.approvals.get(request);
  if (pending === undefined) return find('T-05', `${request} waits for nobody`, request);
  if (pending.agent === by) find('T-05', `${by} approves its own request`, request);
  if (pending.hasAnswer) find('T-05', 'an approver has spoken before', request);
  if (event.waitedMs !== event.atMs - pending.atMs) find('T-05', 'it waited another time', request);
  const prefix = by === 'operator' ? state.team : state.credentials.get(by ?? '')?.prefix;
  if (prefix === undefined || !isWithin(pending.ask.path, prefix)) {
    find('S §5', `${by} may not decide on ${pending.ask.path}`, request);
  }
  const wasDeclined = event.type === 'ApprovalDeclined';
  owe({
    rule: 'T-05',
    message: `an approver spoke, and ${request} was not decided`,
    id: request,
    isPaidBy: (next) =>
      'id' in next &&
      next.id === request &&
      (!wasDeclined || (next.type === 'RequestDenied' && next.reason === 'approval_declined')),
  });
}

/** T-05: what needs an approver is not decided before one has spoken. */
export function judgeApproved(
  { state, find }: Pick<Bench, 'state' | 'find'>,
  event: EventOf<'AllocationGranted' | 'RequestQueued' | 'PreemptionRequested'>,
): void {
  const pending = state.approvals.get(event.id);
  if (pending !== undefined && !pending.hasAnswer) {
    find('T-05', 'decided before an approver has spoken', event.id);
  }
  if (pending !== undefined || state.waiting.has(event.id)) return;
  if (event.type === 'RequestQueued' && event.after !== undefined) return;
  for (const { effect, resource, above } of rulesMet(state, event.by, event.ask)) {
    find('T-05', `${effect === 'deny' ? 'denied' : 'needs approval'} above ${above} ${resource}`);
  }
}

/** The rules of the policy that an ask meets. */
export function rulesMet(
  state: State,
  agent: string,
  ask: EventOf<'ApprovalRequested'>['ask'],
): BusinessRule[] {
  // What is asked, whatever a level would cap it to.
  const { whole, rates } = termsOf(ask, state);
  const want: Record<string, number> = { ...whole, ...rates };
  return state.policy.rules.filter(
    (rule) =>
      (want[rule.resource] ?? 0) > rule.above &&
      isWithin(ask.path, rule.path) &&
      isConcerned(state, agent, rule),
  );
}

/** Whether a rule is about an agent: by name, by role, or about everybody. */
export function isConcerned(
  state: State,
  agent: string,
  { agents, roles }: Pick<BusinessRule, 'agents' | 'roles'>,
): boolean {
  if (agents === undefined && roles === undefined) return true;
  const role = agent === 'operator' ? 'operator' : state.credentials.get(agent)?.role;
  return (agents ?? []).includes(agent) || (roles ?? []).some((one) => one === role);
}
