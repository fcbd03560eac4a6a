import { usdText } from './money.ts';

/** 37267 → `37,267`. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A count with its noun: `1 run`, `1,500 runs`. */
export function countOf(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Part of a whole in percent, one decimal; a dash for a part of nothing. */
export function shareText(part: number, whole: number): string {
  return whole === 0 ? '–' : percentText((part / whole) * 100);
}

/** `36.4 %`; a little is never shown as nothing, and less than all never as all. */
export function percentText(percent: number): string {
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  if (percent < 100 && percent >= 99.95) return '> 99.9 %';
  return `${percent.toFixed(1)} %`;
}

/** A time in its two largest units, or in ms with decimals below one second. */
export function durationText(ms: number): string {
  if (ms < 9.995) return `${ms.toFixed(2)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** An amount of a resource in its unit: USD for credits, else a count. */
export function amountText(resource: string, amount: number): string {
  return resource === 'credits' ? usdText(amount) : countText(amount);
}
