import { hold } from '../target.ts';

/** Fields of commands and events whose numbers are amounts, at whatever depth below. */
const AMOUNT_FIELDS: ReadonlySet<string> = new Set([
  'items',
  'actual',
  'amounts',
  'used',
  'limits',
  'booked',
  'overrun',
  'returned',
  'more',
  'less',
  'earmarked',
  'limit',
  'short',
  'bounds',
  'overrunMax',
  'settleMax',
]);

/**
 * Every number in a field of amounts is a whole one from 0 to 2^53 - 1, and under a name of a
 * resource where it has a name.
 * @throws BrokenProperty
 */
export function holdAmounts(value: unknown, isAmount = false): void {
  if (typeof value === 'number') {
    hold(!isAmount || (Number.isSafeInteger(value) && value >= 0), 'amounts are safe integers ≥ 0');
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  for (const [key, item] of Object.entries(value)) {
    holdAmounts(item, isAmount || AMOUNT_FIELDS.has(key));
  }
}

/** Every number is finite. @throws BrokenProperty */
export function holdFinite(value: unknown): void {
  if (typeof value === 'number') hold(Number.isFinite(value), 'numbers are finite');
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  for (const item of Object.values(value)) holdFinite(item);
}

/** No text has half a character in it. @throws BrokenProperty */
export function holdWholeText(value: unknown): void {
  if (typeof value === 'string') hold(!/\p{Surrogate}/u.test(value), 'text has whole characters');
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  for (const [key, item] of Object.entries(value)) {
    holdWholeText(key);
    holdWholeText(item);
  }
}
