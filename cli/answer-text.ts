import type { Answer } from '../events/answers.ts';
import { priorityName } from '../events/priority.ts';
import { policyText } from '../policies/write-policy.ts';
import { durationText } from '../workload/number-text.ts';
import { alternativesText } from './alternatives-text.ts';
import { balanceText } from './balance-text.ts';
import { breakerAnswerText } from './breaker-text.ts';
import { distributionText } from './distribution-text.ts';
import { storedEventLine } from './event-text.ts';
import { approvalsText, queueText } from './queue-text.ts';
import type { Colours } from './screen.ts';
import { showAmount, showAmounts } from './values.ts';

type AnswerIn<O extends Answer['outcome']> = Extract<Answer, { outcome: O }>;

/** Any answer of the governor in words. */
export function answerText(answer: Answer, paint: Colours): string {
  const text = textOf(answer, paint);
  const { level, modelHint } = answer;
  // A balance tells of its own level what that admits.
  if (level === undefined || answer.outcome === 'balance') return text;
  const hint = modelHint === undefined ? '' : `: ${modelHint}`;
  return `${text}\n  ${paint.yellow(`level ${level}`)}${hint}`;
}

function textOf(answer: Answer, paint: Colours): string {
  switch (answer.outcome) {
    case 'refused':
      return `${paint.red('refused')} ${answer.code} (${answer.class}, ${answer.severity}): ${answer.message}\n  ${answer.advice}`;
    case 'granted':
    case 'partial':
      return grantText(answer, paint);
    case 'denied':
      return denialText(answer, paint);
    case 'queued':
      return [
        `${paint.yellow('queued')} ${answer.id} at place ${answer.position}`,
        `  waits for ${answer.account.resource} of ${answer.account.path}, for up to ${durationText(answer.timeoutInMs)}` +
          (answer.expectedWaitMs === null
            ? ''
            : `; perhaps ${durationText(answer.expectedWaitMs)}`),
        whyText(answer),
      ].join('\n');
    case 'preempting':
      return [
        `${paint.yellow('preempting')} ${answer.id}: ${answer.victims.join(', ')} must yield`,
        `  by the right of ${answer.right}, within ${durationText(answer.graceMs)}`,
        whyText(answer),
      ].join('\n');
    case 'would_grant':
    case 'would_queue':
    case 'would_preempt':
      return wouldBeText(answer);
    case 'settled':
      return settledText(answer, paint);
    case 'released':
      return `${paint.green('released')} ${answer.allocation}, booked ${showAmounts(answer.booked)}`;
    case 'ended':
      return `${answer.allocation} has ended (${answer.as}), booked ${showAmounts(answer.booked)}`;
    case 'renewed':
      return `${paint.green('renewed')} ${answer.allocation} for ${durationText(answer.expiresInMs)}`;
    case 'resized':
      return `${paint.green('resized')} ${answer.allocation} to ${showAmounts(answer.items)}`;
    case 'reported':
      return `${paint.green('reported')} ${showAmounts(answer.used)} on ${answer.allocation}`;
    case 'charged':
      return `${paint.green('charged')} ${showAmounts(answer.amounts)} to ${answer.path}`;
    case 'adjusted':
      return adjustedText(answer, paint);
    case 'cancelled':
      return `${paint.green('cancelled')} ${answer.request}`;
    case 'already_granted':
      return `${answer.request} was granted before; release or settle it`;
    case 'opened':
      return `${paint.green('opened')} the ${answer.tier} ${answer.path}`;
    case 'closing':
      return `${paint.yellow('closing')} ${answer.path}: ${answer.liveAllocations} allocations still live`;
    case 'closed':
      return `${paint.green('closed')} ${answer.path}`;
    case 'limits_set':
      return limitsText(answer, paint);
    case 'topped_up':
      return `${paint.green('topped up')} ${answer.path} by ${showAmounts(answer.amounts)}`;
    case 'grant_voided':
      return `${paint.green('voided')} what was left of the grant ${answer.grant} of ${answer.path}`;
    case 'window_reset':
      return `${paint.green('reset')} the window of ${answer.resource} of ${answer.path}`;
    case 'policy_set': {
      const { version } = answer;
      return `${paint.green('set')} the policy${version === undefined ? '' : `: version ${version}`}`;
    }
    case 'enrolled':
      return `${paint.green('enrolled')} ${answer.agent} as ${answer.role} beneath ${answer.prefix}`;
    case 'dismissed':
      return `${paint.green('dismissed')} ${answer.agent}`;
    default:
      return otherText(answer, paint);
  }
}

function otherText(
  answer: AnswerIn<
    | 'pendingApproval'
    | 'would_need_approval'
    | 'would_set_policy'
    | 'approved'
    | 'declined'
    | 'transferred'
    | 'distributed'
    | 'would_distribute'
    | 'reserved'
    | 'reservation_ended'
    | 'frozen'
    | 'unfrozen'
    | 'stopped'
    | 'acknowledged'
    | 'recovered'
    | 'breaker_opened'
    | 'breaker_closed'
    | 'balance'
    | 'allocation'
    | 'waiting'
    | 'explained'
    | 'queue'
    | 'policy'
    | 'emergencies'
  >,
  paint: Colours,
): string {
  switch (answer.outcome) {
    case 'pendingApproval':
      return [
        `${paint.yellow('waits for approval')} ${answer.id}`,
        `  ${showAmount(answer.resource, answer.requested)} is above ${showAmount(answer.resource, answer.above)}; an approver has ${durationText(answer.timeoutInMs)}`,
        whyText(answer),
      ].join('\n');
    case 'would_set_policy':
      return `would be version ${answer.version}`;
    case 'would_need_approval':
      return `would need approval: ${showAmount(answer.resource, answer.requested)} is above ${showAmount(answer.resource, answer.above)} (rule ${answer.rule})`;
    case 'approved':
      return `${paint.green('approved')} ${answer.request}`;
    case 'declined':
      return `${paint.green('declined')} ${answer.request}`;
    case 'frozen':
      return `${paint.cyan('frozen')} ${answer.path}; to lift it: bursar unfreeze ${answer.path} ${answer.freeze}`;
    case 'unfrozen':
      return answer.stillFrozen
        ? `lifted ${answer.freeze}; ${answer.path} is still frozen by others`
        : `${paint.green('unfrozen')} ${answer.path}`;
    case 'stopped':
      return [
        `${paint.red('stopped')} ${answer.path}: ${answer.allocations} allocations of ${answer.agents} agents must end within ${durationText(answer.ackInMs)}`,
        `  to lift it: bursar recover ${answer.path} ${answer.stop}`,
      ].join('\n');
    case 'transferred':
      return `${paint.green('moved')} ${showAmounts(answer.amounts)} from ${answer.from} to ${answer.to}`;
    case 'distributed':
    case 'would_distribute':
      return distributionText(answer, paint);
    case 'reserved':
      return reservedText(answer, paint);
    case 'reservation_ended':
      return `${paint.green('ended')} the reservation ${answer.reservation}; ${showAmounts(answer.returned)} is free again`;
    case 'acknowledged':
      return `${paint.green('acknowledged')} ${answer.stop}`;
    case 'recovered':
      return `${paint.green('recovered')} ${answer.path}`;
    case 'breaker_opened':
    case 'breaker_closed':
      return breakerAnswerText(answer, paint);
    case 'balance':
      return balanceText(answer, paint);
    case 'allocation': {
      const { id, path, agent, items, reported, priority, state, expiresInMs } = answer.allocation;
      return [
        `${id} on ${path} of ${agent}: ${state}, ${durationText(expiresInMs)} left`,
        `  holds ${showAmounts(items)}, priority ${priorityName(priority)}` +
          (Object.keys(reported).length === 0 ? '' : `, used so far ${showAmounts(reported)}`),
      ].join('\n');
    }
    case 'waiting':
      return queueText([answer.waiting], 1, paint);
    case 'explained':
      return answer.events.map((event) => storedEventLine(event, paint)).join('\n');
    case 'queue':
      return [
        queueText(answer.waiting, answer.total, paint),
        ...(answer.approvals === undefined
          ? []
          : [approvalsText(answer.approvals, answer.approvalsTotal ?? 0, paint)]),
      ].join('\n');
    case 'policy':
      return policyText(answer.policy, { notes: [`version ${answer.version}`] });
    case 'emergencies':
      return `${answer.emergencies.length} emergencies`;
    default:
      return answer satisfies never;
  }
}

function grantText(answer: AnswerIn<'granted' | 'partial'>, paint: Colours): string {
  const { id, path, granted, expiresInMs, waitedMs, preempted, outcome, reserve, topUp } = answer;
  const word = outcome === 'granted' ? 'granted' : 'granted in part';
  const lines = [
    `${paint.green(word)} ${paint.bold(id)} on ${path}`,
    `  ${showAmounts(granted)}, for ${durationText(expiresInMs)}`,
    whyText(answer),
  ];
  if (waitedMs !== undefined) lines.push(`  after waiting ${durationText(waitedMs)}`);
  if (reserve !== undefined) {
    lines.push(`  ${showAmounts(reserve.drawn)} out of the emergency reserve of ${reserve.path}`);
  }
  if (topUp !== undefined) lines.push(`  waits for the rest as ${topUp}`);
  if (answer.probe)
    lines.push('  tries a half-open breaker: say what did not work when you settle');
  if (preempted !== undefined) lines.push(`  in place of ${preempted.join(', ')}`);
  return lines.join('\n');
}

function limitsText({ path, reclaimed }: AnswerIn<'limits_set'>, paint: Colours): string {
  const taken = reclaimed === undefined ? '' : `, took back ${showAmounts(reclaimed)}`;
  return `${paint.green('set')} the limits of ${path}${taken}`;
}

function reservedText(answer: AnswerIn<'reserved'>, paint: Colours): string {
  const { reservation, path, items, startsInMs, endsInMs } = answer;
  const from = startsInMs === 0 ? 'from now' : `in ${durationText(startsInMs)}`;
  return [
    `${paint.green('reserved')} ${paint.bold(reservation)} on ${path}`,
    `  ${showAmounts(items)}, ${from}, for ${durationText(endsInMs - startsInMs)}`,
  ].join('\n');
}

function denialText(answer: AnswerIn<'denied'>, paint: Colours): string {
  const { id, reason, message, advice, short = [], retryOn } = answer;
  const { class: errorClass, severity } = answer;
  const lines = [`${paint.red('denied')} ${id}: ${reason} (${errorClass}, ${severity})`];
  for (const { path, resource, needed, available } of short) {
    const need = `${showAmount(resource, needed)} needed`;
    lines.push(`  ${path} has ${showAmount(resource, available)} ${resource} left, ${need}`);
  }
  if (short.length === 0) lines.push(`  ${message}`);
  lines.push(
    `  ${advice}${retryOn === undefined ? '' : ` May work after: ${retryOn.replace('_', ' ')}.`}`,
  );
  lines.push(whyText(answer), ...weighed(answer));
  return lines.join('\n');
}

function wouldBeText(answer: AnswerIn<'would_grant' | 'would_queue' | 'would_preempt'>): string {
  return [wouldBeWords(answer), whyText(answer), ...weighed(answer)].join('\n');
}

function wouldBeWords(answer: AnswerIn<'would_grant' | 'would_queue' | 'would_preempt'>): string {
  switch (answer.outcome) {
    case 'would_grant': {
      const { partial, granted } = answer;
      return `would be ${partial ? 'granted in part' : 'granted'}: ${showAmounts(granted)}`;
    }
    case 'would_queue': {
      const { position, account } = answer;
      return `would be queued at place ${position} for ${account.resource} of ${account.path}`;
    }
    case 'would_preempt': {
      const { victims, graceMs } = answer;
      return `would preempt ${victims.join(', ')} within ${durationText(graceMs)}`;
    }
    default:
      return answer satisfies never;
  }
}

function weighed({ alternatives = [] }: Pick<AnswerIn<'denied'>, 'alternatives'>): string[] {
  return alternativesText(alternatives).map((line) => `  ${line}`);
}

function settledText(answer: AnswerIn<'settled'>, paint: Colours): string {
  const { allocation, booked, overrun, estimated, late } = answer;
  const notes = [
    ...(overrun === undefined ? [] : [`${showAmounts(overrun)} more than was held`]),
    ...(estimated ? ['estimated: the use was not stated'] : []),
    ...(late ? ['late: the allocation had ended before'] : []),
  ];
  const note = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  return `${paint.green('settled')} ${allocation}, booked ${showAmounts(booked)}${note}`;
}

function adjustedText({ allocation, more, less }: AnswerIn<'adjusted'>, paint: Colours): string {
  const changes = [
    ...(Object.keys(more).length === 0 ? [] : [`booked ${showAmounts(more)} more`]),
    ...(Object.keys(less).length === 0 ? [] : [`gave back ${showAmounts(less)}`]),
  ];
  return `${paint.green('adjusted')} ${allocation}: ${changes.join(', ') || 'nothing to change'}`;
}

function whyText({
  rule,
  factors,
  instead,
}: {
  readonly rule: string;
  /** Resources whose breakers are open, and what is asked for in their place. */
  readonly instead?: Readonly<Record<string, string>> | undefined;
  readonly factors?: Readonly<Record<string, unknown>> | undefined;
}): string {
  const shown = Object.entries(factors ?? {}).map(([name, value]) => `${name} ${value}`);
  const others = Object.entries(instead ?? {}).map(([from, to]) => `\n  ${to} in place of ${from}`);
  return `  rule ${rule}${shown.length === 0 ? '' : ` (${shown.join(', ')})`}${others.join('')}`;
}
