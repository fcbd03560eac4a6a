import { msOfDuration } from '../events/duration-ms.ts';
import type { FieldPath } from './problem.ts';

/**
 * What to write where a whole number belongs: the names of fields say the unit, and what people put
 * there instead (`2h`, `10%`, `0.5` credits) says which one they had in mind.
 */
export function unitAdvice(path: FieldPath, input: unknown): string | undefined {
  const field = String(path.at(-1));
  if (field.endsWith('Ms')) {
    const ms = msOf(input);
    return ms === undefined
      ? 'Write a whole number of ms: 60000 is a minute.'
      : `Write ${ms} (ms).`;
  }
  if (field.endsWith('Permille') || field === 'permille') {
    return 'Write thousandths, a whole number: 100 is 10 %.';
  }
  if (!isAmount(path)) return undefined;
  return 'Write a whole number of its unit: credits in microcredits (1 credit = 1000000), memory in bytes, times in ms.';
}

const AMOUNTS_BY_RESOURCE = ['bounds', 'settleMax', 'overrunMax'];

function isAmount(path: FieldPath): boolean {
  const field = path.at(-1);
  if (path[0] === 'rules') return field === 'above';
  if (path[0] === 'reserves') return field === 'amount';
  return path.length === 2 && AMOUNTS_BY_RESOURCE.includes(String(path[0]));
}

/** What somebody meant by a duration, with a space before its unit or without. */
function msOf(input: unknown): number | undefined {
  return typeof input === 'string' ? msOfDuration(input.replace(/(\d) (?=\D)/, '$1')) : undefined;
}
