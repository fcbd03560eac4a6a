import type { AnswerOf } from '../events/answers.ts';
import { priorityName } from '../events/priority.ts';
import type { Colours } from './screen.ts';
import { tableText } from './tables.ts';
import { showAmount } from './values.ts';

type Answer = AnswerOf<'distributed'> | AnswerOf<'would_distribute'>;

/** A division as a table of shares for each resource, with the method and why it was taken. */
export function distributionText(answer: Answer, paint: Colours): string {
  const { outcome, path, sets, divisions } = answer;
  const isPlan = outcome === 'would_distribute';
  const word = isPlan ? 'would divide' : paint.green('divided');
  return divisions
    .map(({ resource, total, kept, method, rule, shares }) => {
      const held = kept === 0 ? '' : `, ${showAmount(resource, kept)} held back`;
      const amount = showAmount(resource, total);
      const what = `${resource} ${amount} of ${path} as ${sets}s by ${method} (rule ${rule})`;
      const shown = (value: number | null) => (value === null ? '–' : showAmount(resource, value));
      // The weight of a goal is in thousandths of thousandths.
      const unit = method === 'goal' ? 1_000_000 : 1_000;
      const rows = shares.map(({ child, was, is, need, weight, priority }) => [
        `  ${child}`,
        shown(was),
        shown(is),
        shown(need),
        method === 'priority' ? priorityName(priority) : String(weight / unit),
      ]);
      const last = method === 'priority' ? 'priority' : 'weight';
      const head = ['  child', 'was', isPlan ? 'would be' : 'is', 'need', last];
      const align = ['left', 'right', 'right', 'right', 'right'] as const;
      return `${word} ${what}${held}\n${tableText(head, rows, align, paint)}`;
    })
    .join('\n');
}
