import type { AnswerOf } from '../events/answers.ts';
import type { DecisionEvent } from '../events/decision-event.ts';
import { adviceOnDenial, DENIALS } from '../events/denials.ts';
import type { EventOf } from '../events/events.ts';

/** What a denial says to whoever asked: why, what was short, and what to do about it. */
export function deniedAnswer(event: EventOf<'RequestDenied'>): AnswerOf<'denied'> {
  const { id, reason, short, retryAfterMs, retryOn, waitedMs, rule, factors } = event;
  const kind = DENIALS[reason];
  return {
    outcome: 'denied',
    id,
    reason,
    message: messageOf(event),
    advice: adviceOnDenial(event),
    class: kind.class,
    severity: kind.severity,
    ...(short === undefined ? {} : { short }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(retryOn === undefined ? {} : { retryOn }),
    ...(waitedMs === undefined ? {} : { waitedMs }),
    rule,
    ...(factors === undefined ? {} : { factors }),
    ...insteadOf(event),
  };
}

/** What was asked for in place of resources whose breakers are open. */
export function insteadOf({ ask }: Pick<DecisionEvent, 'ask'>): {
  instead?: Record<string, string>;
} {
  return ask.instead === undefined ? {} : { instead: ask.instead };
}

function messageOf(event: EventOf<'RequestDenied'>): string {
  const short = event.short?.at(-1);
  const { factors } = event;
  if (event.reason === 'tool_not_allowed') {
    const { at, tool, pattern } = factors ?? {};
    const why = pattern === null ? 'is not on its list of tools' : `is denied there by ${pattern}`;
    return `${event.reason}: ${tool} ${why} (rule ${event.rule} of ${at})`;
  }
  if (event.reason === 'pool_not_allowed') {
    const { at, pool } = factors ?? {};
    const why =
      event.rule === 'pool-no-limit'
        ? `no tier of ${at} limits it: set its capacity with setLimits`
        : `policy shares it with other nodes than ${at}`;
    return `${event.reason}: ${pool} is no pool here; ${why}`;
  }
  if (event.reason === 'rule_denied') {
    const { at, resource, requested, above } = factors ?? {};
    return `${event.reason}: ${requested} ${resource} is above ${above} (rule ${event.rule} of ${at})`;
  }
  if (event.reason === 'degraded') return `${event.reason}: ${factors?.['bar']}`;
  if (event.reason === 'breaker_open') {
    const { at, resource, state: phase } = factors ?? {};
    return `${event.reason}: ${resource} is not served beneath ${at}, its breaker is ${phase}`;
  }
  if (short === undefined) {
    const at = typeof factors?.['at'] === 'string' ? ` (at ${factors['at']})` : '';
    return `${event.ask.path}: ${event.reason}${at}`;
  }
  return `${event.reason}: ${short.path} has ${short.available} ${short.resource}, ${short.needed} needed`;
}
