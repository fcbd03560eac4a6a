import { parentPathOf } from '../../events/names.ts';
import type { ResourceAllocationRequest } from '../../events/request-command.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import type { State } from './state.ts';

type Rules = State['policy']['breakers'];
type Rule = Rules[number];

/** Something that went wrong with a resource on a path, by the rules of its time. */
export interface Mishap {
  readonly atMs: number;
  readonly kind: Rule['counts'][number];
  readonly path: string;
  readonly resource: string;
  readonly rules: Rules;
  /** Number of events before it. */
  readonly no: number;
}

/** A breaker that is not closed. */
export interface Tripped {
  readonly path: string;
  readonly resource: string;
  isHalfOpen: boolean;
  /** Of an open one; null: without an end. */
  untilMs: number | null;
  openMs: number | null;
  readonly probes: Set<string>;
  wentWell: number;
  hasFailed: boolean;
}

/** What is known of the breakers of a team. */
export interface Breakers {
  readonly mishaps: Mishap[];
  /** By `path|resource`. */
  readonly tripped: Map<string, Tripped>;
  /** By `path|resource`: openings since it was closed, and how many events there were at its last change. */
  readonly openings: Map<string, number>;
  readonly since: Map<string, number>;
  /** By path, how many events there were when a node of it closed. */
  readonly gone: Map<string, number>;
}

export function newBreakers(): Breakers {
  return {
    mishaps: [],
    tripped: new Map(),
    openings: new Map(),
    since: new Map(),
    gone: new Map(),
  };
}

export function breakerKey(path: string, resource: string): string {
  return `${path}|${resource}`;
}

/** S §9: the rule of a node for a resource; of several the first. */
function ruleFor(team: string, rules: Rules, path: string, resource: string): Rule | undefined {
  return rules.find((rule) => {
    if ((rule.path ?? team) !== path) return false;
    const parts = rule.resource.split('*').map((part) => part.replaceAll('.', '\\.'));
    return new RegExp(`^${parts.join('.*')}$`).test(resource);
  });
}

/** The same by the policy in force. */
export function ruleNow({ team, policy }: State, path: string, resource: string): Rule | undefined {
  return ruleFor(team, policy.breakers, path, resource);
}

export function pathsOver(path: string): string[] {
  const paths: string[] = [];
  for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) paths.push(at);
  return paths;
}

type Ask = Pick<ResourceAllocationRequest, 'path' | 'items'>;

/** Breakers over an ask that are not closed. */
export function trippedOver(state: State, { path, items }: Ask): Tripped[] {
  const { tripped } = state.breakers;
  if (tripped.size === 0) return [];
  return pathsOver(path).flatMap((at) =>
    Object.keys(items).flatMap((resource) => tripped.get(breakerKey(at, resource)) ?? []),
  );
}

/** Those of them that let nothing through now: open, or tried by as many as are to try. */
export function barring(state: State, ask: Ask): Tripped[] {
  return trippedOver(state, ask).filter((one) => {
    if (!one.isHalfOpen || one.hasFailed) return true;
    return one.probes.size + one.wentWell >= probesOf(state, one);
  });
}

export function probesOf(state: State, { path, resource }: Tripped): number {
  return ruleNow(state, path, resource)?.probes ?? 1;
}

function modeNow(state: State, { path, resource }: Tripped): Rule['mode'] {
  return ruleNow(state, path, resource)?.mode ?? 'deny';
}

/** Whether a request that meets them is denied: one says so, or it would not wait. */
export function isDenied(state: State, barred: readonly Tripped[], mayWait: boolean): boolean {
  return barred.some((one) => !mayWait || modeNow(state, one) === 'deny');
}

/** What a rule has counted in its time, up to now, on a node and for a resource. */
export function countedOn(
  state: State,
  path: string,
  resource: string,
  atMs: number,
  also: readonly Mishap[] = [],
): { failure: number; unresolved: number } {
  const { mishaps, since, gone } = state.breakers;
  const rule = ruleNow(state, path, resource);
  const from = Math.max(since.get(breakerKey(path, resource)) ?? -1, gone.get(path) ?? -1);
  const counted = { failure: 0, unresolved: 0 };
  for (const one of [...mishaps, ...also]) {
    if (rule === undefined || one.no <= from || one.resource !== resource) continue;
    if (!pathsOver(one.path).includes(path) || one.atMs <= atMs - rule.windowMs) continue;
    const then = ruleFor(state.team, one.rules, path, resource);
    if (then?.counts.includes(one.kind) && rule.counts.includes(one.kind)) counted[one.kind] += 1;
  }
  return counted;
}

/** S §9: what is asked of other resources while breakers of the policy say so. */
export function withFallbacks(
  state: State,
  sent: ResourceAllocationRequest,
): ResourceAllocationRequest {
  let ask = sent;
  const { resources } = state.policy;
  const classOf = (name: string) => resourceTypeOf(name, resources)?.class;
  for (let round = 0; round < 4; round += 1) {
    const outermostFirst = barring(state, ask).sort(
      (a, b) =>
        pathsOver(a.path).length - pathsOver(b.path).length ||
        Object.keys(ask.items).indexOf(a.resource) - Object.keys(ask.items).indexOf(b.resource),
    );
    const swap = outermostFirst.flatMap((one) => {
      const mode = modeNow(state, one);
      if (typeof mode === 'string') return [];
      const { fallback } = mode;
      const first = Object.entries(ask.instead ?? {}).find(([, to]) => to === one.resource)?.[0];
      const isPooled = ask.anyOf?.some(
        ({ pools }) => pools.includes(fallback) || pools.includes(one.resource),
      );
      if (isPooled || fallback in ask.items || classOf(fallback) !== classOf(one.resource))
        return [];
      return first === fallback ? [] : [{ from: one.resource, to: fallback, first }];
    })[0];
    if (swap === undefined) return ask;
    const { from, to, first = from } = swap;
    const items = { ...ask.items, [to]: ask.items[from] ?? {} };
    delete items[from];
    ask = { ...ask, items, instead: { ...ask.instead, [first]: to } };
  }
  return ask;
}
