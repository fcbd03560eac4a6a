import { strict as assert } from 'node:assert';
import type { BreakerCounted } from '../../events/breaker-rules.ts';
import type { EventOf } from '../../events/events.ts';
import { LIMITS } from '../../events/limits.ts';
import { parentPathOf } from '../../events/names.ts';
import type { DenialReason } from '../../events/reasons.ts';
import { ALLOCATIONS } from '../../events/resources.ts';
import { addDue } from '../accounts/climb.ts';
import { typeIn } from '../accounts/registry.ts';
import { accountKey, type Team } from '../team.ts';
import { barringOf } from './barring.ts';
import { type Breaker, breakerRuleAt, probeRoomOf, trippedOver } from './breaker.ts';
import { type BreakerChange, breakerPhaseAfter } from './breaker-machine.ts';

/** Supply is taken away: those who wait for it are looked at. */
export function breakerOpened(team: Team, event: EventOf<'BreakerOpened'>): void {
  const { path, resource, why, untilMs = null, atMs } = event;
  const breaker =
    team.breakers.get(accountKey(path, resource)) ?? addedIfRoom(team, path, resource);
  assert(breaker !== undefined, `there is room for a breaker of ${resource} on ${path}`);
  move(team, breaker, 'opened');
  breaker.untilMs = untilMs;
  breaker.openMs = untilMs === null ? null : untilMs - atMs;
  if (why !== 'operator') breaker.openings += 1;
  if (untilMs !== null) addDue(team, untilMs, 'breaker', accountKey(path, resource));
}

/** It may be tried: who waits for it in line is first. */
export function breakerHalfOpened(team: Team, event: EventOf<'BreakerHalfOpened'>): void {
  const breaker = breakerOf(team, event);
  move(team, breaker, 'halfOpened');
  breaker.untilMs = null;
}

export function breakerClosed(team: Team, event: EventOf<'BreakerClosed'>): void {
  const breaker = breakerOf(team, event);
  move(team, breaker, 'closed');
  breaker.untilMs = null;
  breaker.openMs = null;
  breaker.openings = 0;
}

/** A grant tries each half-open breaker over it. */
export function probeGranted(team: Team, { id, ask }: EventOf<'AllocationGranted'>): void {
  for (const breaker of trippedOver(team, ask.path, Object.keys(ask.items))) {
    const next = breakerPhaseAfter(breaker.phase, 'probed');
    assert(next !== undefined, `${id} tries ${nameOf(breaker)}, which is ${breaker.phase}`);
    breaker.probes.add(id);
    // Now it bars those who wait: for this or for something else.
    if (probeRoomOf(team, breaker) <= 0) team.agenda.sweeps.add(breaker.path);
  }
}

/**
 * A holder says what did not work: of a probe it decides, else it is counted on each node of the path
 * whose rule counts it.
 * @param id of the allocation, if it lives
 */
export function noteFailures(
  team: Team,
  id: string | undefined,
  path: string,
  failed: readonly string[] | undefined,
  atMs: number,
): void {
  if (failed === undefined) return;
  for (const resource of failed) {
    for (const breaker of trippedOver(team, path, [resource])) {
      if (id === undefined || !breaker.probes.has(id)) continue;
      breaker.hasFailed = true;
      noteChange(team, breaker);
    }
    count(team, path, resource, 'failure', atMs);
  }
}

/** A probe has ended: settled without a failure it went well, else it has shown nothing. */
export function probeEnded(team: Team, id: string, isSettled: boolean): void {
  if (team.breakers.size === 0) return;
  for (const breaker of team.breakers.values()) {
    if (!breaker.probes.delete(id)) continue;
    if (isSettled && !breaker.hasFailed) breaker.succeeded += 1;
    noteChange(team, breaker);
    // Another may try it.
    team.agenda.sweeps.add(breaker.path);
  }
}

/** Reasons for which somebody has waited in vain for what others hold. */
const IN_VAIN: ReadonlySet<DenialReason> = new Set<DenialReason>([
  'wait_timeout',
  'deadline_unreachable',
  'deadlock',
]);

/** A conflict that came to nothing; what a breaker has barred is none of its capacity's doing. */
export function noteUnresolved(team: Team, event: EventOf<'RequestDenied'>): void {
  const waiting = team.waiting.get(event.id);
  if (waiting === undefined || !IN_VAIN.has(event.reason)) return;
  const { ask, account } = waiting;
  const { resource } = account;
  if (ask.topsUp !== undefined || resource === ALLOCATIONS) return;
  if (typeIn(team.resources, resource)?.class !== 'capacity') return;
  if (barringOf(team, ask).length > 0) return;
  count(team, ask.path, resource, 'unresolved', event.atMs);
}

/** The breakers of a node that has closed are gone with it. */
export function forgetBreakers(team: Team, path: string): void {
  for (const [key, breaker] of team.breakers) {
    if (breaker.path !== path) continue;
    team.breakers.delete(key);
    team.agenda.breakers.delete(key);
  }
}

function count(
  team: Team,
  path: string,
  resource: string,
  kind: BreakerCounted,
  atMs: number,
): void {
  if (team.policy.breakers.length === 0) return;
  for (let at: string | undefined = path; at !== undefined; at = parentPathOf(at)) {
    if (!breakerRuleAt(team, at, resource)?.counts.includes(kind)) continue;
    const breaker = team.breakers.get(accountKey(at, resource)) ?? addedIfRoom(team, at, resource);
    if (breaker?.phase !== 'closed') continue;
    breaker.counted.push({ atMs, kind });
    if (breaker.counted.length > LIMITS.breakerFailuresMax) breaker.counted.shift();
    noteChange(team, breaker);
  }
}

/** Whether one breaker more can be kept: those that are closed make room for it. */
export function hasBreakerRoom({ breakers }: Team): boolean {
  if (breakers.size < LIMITS.breakersMax) return true;
  for (const { phase } of breakers.values()) if (phase === 'closed') return true;
  return false;
}

/** A breaker that opens or begins to count; the oldest that is closed makes room for it. */
function addedIfRoom(team: Team, path: string, resource: string): Breaker | undefined {
  if (team.breakers.size >= LIMITS.breakersMax) {
    for (const [key, { phase }] of team.breakers) {
      if (phase !== 'closed') continue;
      team.breakers.delete(key);
      team.agenda.breakers.delete(key);
      return added(team, path, resource);
    }
    return undefined;
  }
  return added(team, path, resource);
}

function added(team: Team, path: string, resource: string): Breaker {
  const breaker: Breaker = {
    path,
    resource,
    phase: 'closed',
    counted: [],
    untilMs: null,
    openMs: null,
    openings: 0,
    probes: new Set(),
    succeeded: 0,
    hasFailed: false,
  };
  team.breakers.set(accountKey(path, resource), breaker);
  return breaker;
}

function breakerOf(team: Team, { path, resource }: Pick<Breaker, 'path' | 'resource'>): Breaker {
  const breaker = team.breakers.get(accountKey(path, resource));
  assert(breaker !== undefined, `${path} has a breaker of ${resource}`);
  return breaker;
}

/** Takes a breaker into its next phase, in which nothing of the last one counts. */
function move(team: Team, breaker: Breaker, change: BreakerChange): void {
  const next = breakerPhaseAfter(breaker.phase, change);
  assert(next !== undefined, `${nameOf(breaker)} is ${breaker.phase} and not to be ${change}`);
  breaker.phase = next;
  breaker.counted = [];
  breaker.probes.clear();
  breaker.succeeded = 0;
  breaker.hasFailed = false;
  team.agenda.sweeps.add(breaker.path);
}

function noteChange(team: Team, { path, resource }: Breaker): void {
  team.agenda.breakers.add(accountKey(path, resource));
}

function nameOf({ path, resource }: Breaker): string {
  return `the breaker of ${resource} on ${path}`;
}
