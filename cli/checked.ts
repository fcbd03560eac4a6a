import type { BrokerCheck } from '../broker/checks.ts';

/** A check of `bursar doctor` that found all well. */
export function passed(check: string, detail: string): BrokerCheck {
  return { check, ok: true, detail, advice: '' };
}

/** A check that did not, and what to do. */
export function failed(check: string, detail: string, advice: string): BrokerCheck {
  return { check, ok: false, detail, advice };
}
