import type { PolicyChange } from '../policies/diff.ts';
import type { Colours } from './screen.ts';

/** The fields in which two policies differ, one a line. */
export function changesText(changes: readonly PolicyChange[], paint: Colours): string {
  return changes.map((change) => changeText(change, paint)).join('\n');
}

function changeText({ field, before, after }: PolicyChange, paint: Colours): string {
  if (before === undefined) return paint.green(`+ ${field}: ${valueText(after)}`);
  if (after === undefined) return paint.red(`- ${field}: ${valueText(before)}`);
  const [was, is] = [paint.red(valueText(before)), paint.green(valueText(after))];
  return `${paint.yellow('~')} ${field}: ${was} → ${is}`;
}

function valueText(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
