import type { ScenarioRecord } from '../verdict.ts';

/** A number, a decimal text or a fraction; `unbounded` is demand without end. */
export type ScenarioAmount = number | string;

/** A record of scheduling.json. What only some families have is read by their adapters. */
export interface SchedulingRecord extends ScenarioRecord {
  readonly kind: string;
  readonly policy?: Readonly<Record<string, unknown>>;
  readonly resourceModel?: Readonly<Record<string, unknown>>;
  readonly nodes: readonly ScenarioNode[];
  readonly allocations: readonly ScenarioHolder[];
  readonly requests: readonly ScenarioHolder[];
  readonly expected: Readonly<Record<string, unknown>>;
  /** How far numbers may lie apart where the source rounds. */
  readonly tolerance?: ScenarioAmount;
}

export interface ScenarioNode {
  readonly id: string;
  readonly parent: string | null;
  readonly weight?: ScenarioAmount;
  readonly quotas?: Readonly<Record<string, ScenarioQuota>>;
  readonly [more: string]: unknown;
}

export interface ScenarioQuota {
  readonly nominal?: ScenarioAmount;
  readonly borrowLimit?: ScenarioAmount;
  readonly lendLimit?: ScenarioAmount;
  readonly [more: string]: unknown;
}

/** An allocation or a request: whoever holds or wants something at a node. */
export interface ScenarioHolder {
  readonly id: string;
  readonly node?: string;
  readonly priority?: number;
  readonly amounts?: Readonly<Record<string, ScenarioAmount>>;
  readonly [more: string]: unknown;
}
