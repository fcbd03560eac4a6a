import type { CommandOf } from '../../events/commands.ts';
import type { EventOf } from '../../events/events.ts';
import { depthOf, isWithin, parentPathOf } from '../../events/names.ts';
import { resourceTypeOf } from '../../events/resources.ts';
import { isClosing, isFrozen } from './barred.ts';
import type { Bench } from './bench.ts';
import { isDivided, judgeShare, runOfBranch } from './branches.ts';
import { isSame } from './content.ts';
import { guaranteeFits, withLending } from './guarantees.ts';
import { levelsOver } from './levels.ts';
import type { State } from './state.ts';
import { isIdleBut } from './step-closes.ts';

type Opened = Bench<EventOf<'NodeOpened'>>;

/** S §1 and §5: a node opens beneath an open one, once, with what its parent can set aside. */
export function judgeOpened({ state, event, sent, find }: Opened): void {
  const { path } = event;
  if (state.nodes.has(path)) find('S §5', `${path} is open already`, path);
  const parentPath = parentPathOf(path);
  const parent = state.nodes.get(parentPath ?? '');
  if (parentPath === undefined) {
    if (state.isTeamClosed) find('S §5', `${path} was closed`, path);
  } else if (parent === undefined) find('S §5', `${parentPath} is not open`, path);
  else {
    if (parent.tier === 'step') find('S §1', 'nothing opens beneath a step', path);
    if (parent.closedNames.has(path)) find('S §5', `${path} was closed`, path);
    if (isFrozen(state, parent.path)) find('INV-9', `opened beneath a freeze`, path);
    if (isClosing(state, parent.path)) find('INV-9', `opened beneath a closing`, path);
  }
  const isRun = event.tier === 'run' && parentPath !== undefined;
  if (isRun && levelsOver(state, parentPath).some(({ rules }) => !rules.newRuns)) {
    find('X-03', 'a run is opened at a level that has none', path);
  }
  const tiers = ['team', 'swarm', 'run'];
  const tier = tiers[Math.min(depthOf(path), 3) - 1];
  if (event.tier !== tier && !(event.tier === 'step' && depthOf(path) > 2)) {
    find('S §1', `${path} is no ${event.tier}`, path);
  }
  for (const resource of Object.keys(event.limits ?? {})) {
    if (resourceTypeOf(resource, state.policy.resources) === undefined)
      find('S §3', `${resource} is unknown`, path);
  }
  if (!guaranteeFits(state, path, event.limits ?? {})) {
    find('INV-2', `its guarantees do not fit its parent or its own limit`, path);
  }
  const isSent = sent
    ?.of('open', event.by, event.id)
    .some(
      (open) =>
        open.path === path &&
        open.branchOf === event.branchOf &&
        open.branchBy === event.branchBy &&
        isSame(withLending(state, path, open.limits ?? {}), event.limits ?? {}) &&
        deadlineOf(state, open, event.atMs) === (event.deadlineAtMs ?? null),
    );
  if (isSent === false) find('S §5', 'nobody opened it', path);
  if (event.branchOf === undefined) return;
  if (event.branchOf !== parentPath || event.tier !== 'run' || parent?.tier !== 'run') {
    find('T-15', `no branch of ${event.branchOf}`, path);
  }
}

/** S §3: a child's deadline is its parent's or its own, whichever comes first. */
function deadlineOf(state: State, open: CommandOf<'open'>, atMs: number): number | null {
  const above = state.nodes.get(parentPathOf(open.path) ?? '')?.deadlineAtMs ?? null;
  const own = open.deadlineMs === undefined ? null : atMs + open.deadlineMs;
  return own === null || above === null ? (own ?? above) : Math.min(own, above);
}

export function judgeClosing({ state, event, sent, find }: Bench<EventOf<'NodeClosing'>>): void {
  const node = state.nodes.get(event.path);
  if (node === undefined) return find('S §5', `${event.path} is not open`, event.path);
  const liveCount = [...state.live.values()].filter(({ path }) => isWithin(path, node.path)).length;
  // Forced without a grace it waits for nobody: they are fenced in the same decision.
  const waitsFor = event.fenceAtMs === event.atMs ? 0 : liveCount;
  if (event.liveAllocations !== waitsFor) {
    find('S §5', `waits for ${event.liveAllocations} allocations, not ${waitsFor}`, node.path);
  }
  if (node.isClosing && event.fenceAtMs === undefined) {
    find('S §5', 'it is closing already', node.path);
  }
  if (event.why === 'deadline') {
    if (node.deadlineAtMs === null || event.atMs < node.deadlineAtMs) {
      find('INV-10', 'closed before its deadline', node.path);
    }
    return;
  }
  const isSent = sent?.of('close', event.by, event.id).some(({ path, force, graceMs }) => {
    const fenceAtMs = force === true ? event.atMs + (graceMs ?? 0) : undefined;
    return path === node.path && fenceAtMs === event.fenceAtMs;
  });
  if (isSent === false) find('S §5', 'nobody closes it so', node.path);
}

/** S §5: closed when the last allocation has ended, by command or because an idle step closes. */
export function judgeClosed({ state, event, find }: Bench<EventOf<'NodeClosed'>>): void {
  const node = state.nodes.get(event.path);
  if (node === undefined) return find('S §5', `${event.path} is not open`, event.path);
  for (const { id, path } of state.live.values()) {
    if (isWithin(path, node.path)) find('S §5', `closed while ${id} lives in it`, node.path);
  }
  for (const { id, earmarkPath, earmarked } of state.waiting.values()) {
    const collects = Object.values(earmarked).some((amount) => amount > 0);
    if (collects && isWithin(earmarkPath, node.path))
      find('S §5', `${id} collects in it`, node.path);
  }
  if (!node.isClosing && !isIdleBut(state, node, null)) find('S §5', 'nobody closes it', node.path);
}

export function judgeLimits(bench: Bench<EventOf<'LimitsSet'>>): void {
  const { state, event, sent, find } = bench;
  if (!state.nodes.has(event.path)) return find('S §5', `${event.path} is not open`, event.path);
  if (event.branch !== undefined) return judgeShare(bench);
  if (!guaranteeFits(state, event.path, event.limits)) {
    find('INV-2', 'more is set aside than its parent has', event.path);
  }
  const isSent = sent
    ?.of('setLimits', event.by, event.id)
    .some(
      ({ path, limits }) =>
        path === event.path && isSame(withLending(state, path, limits), event.limits),
    );
  if (isSent === false) find('S §5', 'nobody set these limits', event.path);
  const run = runOfBranch(state, event.path);
  for (const [resource, { limit, per }] of Object.entries(event.limits)) {
    if (limit === undefined || per !== undefined || run === undefined) continue;
    if (isDivided(state, run, resource)) find('T-15', `${resource} is its share`, event.path);
  }
}

export function judgeToppedUp({ state, event, sent, find }: Bench<EventOf<'ToppedUp'>>): void {
  const node = state.nodes.get(event.path);
  if (node === undefined) return find('S §5', `${event.path} is not open`, event.path);
  for (const resource of Object.keys(event.amounts)) {
    if ((node.accounts.get(resource)?.limit ?? null) === null) {
      find('S §4', `${resource} has no limit to top up`, node.path);
    }
  }
  const isSent = sent
    ?.of('topUp', event.by, event.id)
    .some(({ path, amounts }) => path === event.path && isSame(amounts, event.amounts));
  if (isSent === false) find('S §5', 'nobody topped it up so', node.path);
}

/** S §5: it is what somebody sent, for the version that was in force, and the next of its kind. */
export function judgePolicy({ state, event, sent, find }: Bench<EventOf<'PolicySet'>>): void {
  const { policyVersion } = state;
  if (event.version !== undefined && event.version !== policyVersion + 1) {
    find('S §5', `version ${event.version} follows ${policyVersion}`);
  }
  const isSent = sent
    ?.of('setPolicy', event.by, event.id)
    .some(
      ({ policy, preset, comment, ifVersion = policyVersion }) =>
        isSame(policy, event.policy) &&
        preset === event.preset &&
        comment === event.comment &&
        ifVersion === policyVersion,
    );
  if (isSent === false) find('S §5', 'nobody set this policy');
}

export function judgeEnrolled({ event, sent, find }: Bench<EventOf<'CredentialEnrolled'>>): void {
  const isSent = sent
    ?.of('enrol', event.by, event.id)
    .some(
      ({ agent, role, prefix, priorityMax }) =>
        agent === event.agent &&
        role === event.role &&
        prefix === event.prefix &&
        priorityMax === event.priorityMax,
    );
  if (isSent === false) find('S §5', `nobody enrolled ${event.agent} so`);
}

export function judgeDismissed({
  state,
  event,
  sent,
  find,
}: Bench<EventOf<'CredentialDismissed'>>): void {
  if (!state.credentials.has(event.agent)) find('S §5', `${event.agent} is not enrolled`);
  const isSent = sent?.of('dismiss', event.by, event.id).some(({ agent }) => agent === event.agent);
  if (isSent === false) find('S §5', `nobody dismissed ${event.agent}`);
}
