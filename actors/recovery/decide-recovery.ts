import type { BursarEvent } from '../../events/events.ts';
import { RECOVERY_TIERS, type RecoveryRules } from '../../events/recovery-rules.ts';
import type { Amounts } from '../../events/resources.ts';
import { shownAvailable } from '../accounts/admission.ts';
import { stamp } from '../context.ts';
import { crisisAfter } from '../levels/standing.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';

/** A slow start that begins, or ends because the policy has none any more. */
export function changeRecovery(team: Team, path: string, atMs: number): BursarEvent[] {
  const node = team.nodes.get(path);
  if (node?.standing === undefined) return [];
  const rules = team.policy.recovery;
  const { recovery, recoverAfter: cause } = node.standing;
  if (rules === null) return recovery === null ? [] : completed(team, node, atMs);
  if (cause === null || crisisAfter(team, node, 'recover') === undefined) return [];
  const first = intervalOf(node, rules, 0, atMs);
  return [{ ...stamp('RecoveryStarted', team, atMs), path, ...first, cause }];
}

/** The next interval of a slow start, or its end. */
export function recoveryDue(team: Team, path: string, atMs: number): BursarEvent[] {
  const node = team.nodes.get(path);
  const rules = team.policy.recovery;
  const recovery = node?.standing?.recovery ?? null;
  if (node === undefined || rules === null || recovery === null) return [];
  if (recovery.nextAtMs > atMs) return [];
  const place = recovery.place + 1;
  const isWhole = rules.startPermille + place * rules.stepPermille >= 1_000;
  if (isWhole && place >= RECOVERY_TIERS.length) return completed(team, node, atMs);
  const next = intervalOf(node, rules, place, atMs);
  return [{ ...stamp('RecoveryAdvanced', team, atMs), path, ...next }];
}

function completed(team: Team, node: Node, atMs: number): BursarEvent[] {
  const tookMs = atMs - (node.standing?.recovery?.startedAtMs ?? atMs);
  return [{ ...stamp('RecoveryCompleted', team, atMs), path: node.path, tookMs }];
}

/** What is given out in the interval of a number, from 0. */
function intervalOf(node: Node, rules: RecoveryRules, place: number, atMs: number) {
  const permille = Math.min(1_000, rules.startPermille + place * rules.stepPermille);
  const tier = RECOVERY_TIERS[Math.min(place, RECOVERY_TIERS.length - 1)] ?? 'step';
  return {
    permille,
    tier,
    place,
    allow: partOfRoom(node, permille),
    nextAtMs: atMs + rules.everyMs,
  };
}

/** Of each account with a limit, that part of the room that it has now. */
function partOfRoom({ accounts }: Node, permille: number): Amounts {
  const allow: Record<string, number> = {};
  for (const [resource, account] of accounts) {
    const room = shownAvailable(account);
    if (room !== null) allow[resource] = Number((BigInt(room) * BigInt(permille)) / 1_000n);
  }
  return allow;
}
