import type { Answer } from '../events/answers.ts';
import type { BreakerView } from '../events/breaker-view.ts';
import { durationText } from '../workload/number-text.ts';
import type { Colours } from './screen.ts';
import { tableText } from './tables.ts';

/** Circuit breakers as a table: what is open, what is tried, what counts failures. */
export function breakersText(breakers: readonly BreakerView[], paint: Colours): string {
  if (breakers.length === 0) return 'no breaker is open, and none counts anything';
  const rows = breakers.map((one) => [
    one.resource,
    one.path,
    stateText(one, paint),
    one.mode,
    `${one.failures} failed, ${one.unresolved} waited in vain`,
    one.retryInMs === null ? '' : durationText(one.retryInMs),
    one.probes.join(', '),
  ]);
  const head = ['resource', 'node', 'breaker', 'meanwhile', 'counted', 'tried in', 'tried by'];
  const align = ['left', 'left', 'left', 'left', 'left', 'right', 'left'] as const;
  return tableText(head, rows, align, paint);
}

/** The same as lines beneath a balance; those alone that are not closed. */
export function breakerLines(breakers: readonly BreakerView[], paint: Colours): string[] {
  return breakers
    .filter(({ state }) => state !== 'closed')
    .map((one) => {
      const { resource, path, mode } = one;
      return `  ${resource}: breaker on ${path} is ${stateText(one, paint)} (${mode})${retryText(one.retryInMs)}`;
    });
}

/** What an operator is told who opens or closes one. */
export function breakerAnswerText(
  answer: Extract<Answer, { outcome: 'breaker_opened' | 'breaker_closed' }>,
  paint: Colours,
): string {
  const { path, resource } = answer;
  if (answer.outcome === 'breaker_closed') {
    return `${paint.green('closed')} the breaker of ${resource} on ${path}`;
  }
  return [
    `${paint.red('opened')} the breaker of ${resource} on ${path}${retryText(answer.retryInMs)}`,
    `  to close it: bursar breaker close ${path} ${resource}`,
  ].join('\n');
}

/** When a breaker is tried again; nothing where no time is set. */
function retryText(retryInMs: number | null): string {
  return retryInMs === null ? '' : `; tried again in ${durationText(retryInMs)}`;
}

function stateText({ state }: BreakerView, paint: Colours): string {
  if (state === 'closed') return paint.green(state);
  return state === 'open' ? paint.red(state) : paint.yellow(state);
}
