import { type Amounts, resourceTypeOf } from '../events/resources.ts';

/** An amount for people: `0.0125 credits`, `1,024 bytes of memory`, `3 calls of tool.search`. */
export function amountText(resource: string, amount: number): string {
  if (resource === 'credits') return `${creditsText(amount)} credits`;
  const unit = resourceTypeOf(resource)?.unit ?? 'units';
  return `${groupedText(amount)} ${unit} of ${resource}`;
}

/** Amounts for people, joined; `nothing` where there is none. */
export function amountsText(amounts: Amounts): string {
  const parts = Object.entries(amounts)
    .filter(([, amount]) => amount !== 0)
    .map(([resource, amount]) => amountText(resource, amount));
  return parts.length === 0 ? 'nothing' : parts.join(' and ');
}

/** Microcredits as credits, exact: no digit is rounded away. */
export function creditsText(micro: number): string {
  const sign = micro < 0 ? '-' : '';
  const digits = String(Math.abs(micro)).padStart(7, '0');
  const whole = groupedText(Number(digits.slice(0, -6)));
  const rest = digits.slice(-6).replace(/0+$/, '');
  return rest === '' ? `${sign}${whole}` : `${sign}${whole}.${rest}`;
}

/** A duration for people. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 120_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Number((ms / 3_600_000).toFixed(1))} h`;
}

/** An instant for people, in UTC. */
export function instantText(atMs: number): string {
  return new Date(atMs).toISOString();
}

function groupedText(amount: number): string {
  return String(amount).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
