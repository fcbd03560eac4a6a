import type { BreakerView } from '../../events/breaker-view.ts';
import { isWithin } from '../../events/names.ts';
import type { Team } from '../team.ts';
import { type Breaker, breakerRuleAt, countedBy, modeOf, retryAfterMsOf } from './breaker.ts';

/** Most breakers shown in one answer. */
const SHOWN_MAX = 100;

/** The breakers over a node and beneath it that are open or count something. */
export function breakersAt(team: Team, path: string, nowMs: number): BreakerView[] {
  const shown: BreakerView[] = [];
  for (const breaker of team.breakers.values()) {
    if (!isWithin(breaker.path, path) && !isWithin(path, breaker.path)) continue;
    const view = viewOf(team, breaker, nowMs);
    if (view.state === 'closed' && view.failures + view.unresolved === 0) continue;
    shown.push(view);
  }
  return shown.sort(inOrder).slice(0, SHOWN_MAX);
}

function viewOf(team: Team, breaker: Breaker, nowMs: number): BreakerView {
  const { path, resource, phase, probes } = breaker;
  const rule = breakerRuleAt(team, path, resource);
  const counted = rule && phase === 'closed' ? countedBy(rule, breaker, nowMs) : undefined;
  const mode = modeOf(team, breaker);
  return {
    path,
    resource,
    state: phase === 'halfOpen' ? 'half-open' : phase,
    failures: counted?.failure ?? 0,
    unresolved: counted?.unresolved ?? 0,
    mode: typeof mode === 'string' ? mode : `fallback ${mode.fallback}`,
    retryInMs: retryAfterMsOf(breaker, nowMs) ?? null,
    probes: [...probes].sort(),
  };
}

/** What is open first, then by node and resource. */
function inOrder(a: BreakerView, b: BreakerView): number {
  if ((a.state === 'closed') !== (b.state === 'closed')) return a.state === 'closed' ? 1 : -1;
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.resource < b.resource ? -1 : 1;
}
