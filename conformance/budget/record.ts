import type { ScenarioRecord } from '../verdict.ts';

/** A record of budget.json. Which fields an operation has is checked in vocabulary.ts. */
export interface BudgetRecord extends ScenarioRecord {
  readonly family: string;
  /** `differ`: the source does `expected`, we do `expected_ours`. */
  readonly adopt?: 'same' | 'differ';
  readonly setup: BudgetSetup;
  readonly operations: readonly Operation[];
  readonly expected: readonly Expectation[];
  readonly expected_ours?: readonly Expectation[];
}

export interface BudgetSetup {
  readonly tiers?: readonly Tier[];
  readonly [more: string]: unknown;
}

/** A limit on one resource of one node; an id may be `node/resource`. */
export interface Tier {
  readonly id: string;
  readonly limit?: number | null;
  /** With what the tiers beneath it have spent. */
  readonly spent?: number;
  readonly unit?: string;
}

/** One operation; the fields of all of them. */
export interface Operation {
  readonly op: string;
  readonly id?: string;
  readonly tier?: string;
  readonly tiers?: readonly string[];
  readonly amount?: number | 'unknown';
  /** By tier. */
  readonly amounts?: Readonly<Record<string, number>>;
  readonly reservation?: string;
  readonly actual?: number | 'unknown';
  readonly actuals?: Readonly<Record<string, number>>;
  readonly ops?: readonly Operation[];
  readonly seconds?: number;
  readonly at_s?: number;
  readonly by_s?: number;
  readonly for_s?: number;
  readonly ttl_s?: number;
  readonly grace_s?: number;
  readonly at_most?: boolean;
  readonly priority?: number;
  readonly preemptible?: boolean;
  readonly preempt?: boolean;
  readonly dry_run?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly [more: string]: unknown;
}

/** What is expected of a step's answer, or of the tiers after it. */
export interface Expectation {
  readonly step?: number;
  readonly after_step?: number;
  readonly tiers?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [more: string]: unknown;
}

/** What counts for us. */
export function expectationsOf(record: BudgetRecord): readonly Expectation[] {
  return (record.adopt === 'differ' ? record.expected_ours : undefined) ?? record.expected;
}
