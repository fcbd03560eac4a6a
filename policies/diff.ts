import type { Policy } from '../events/policy.ts';
import { isMap } from './merge.ts';
import { type FieldPath, fieldText } from './problem.ts';

/** One field in which two policies differ; `before` or `after` is absent where it has none. */
export interface PolicyChange {
  /** As `aging.step` or `rules[0].above`. */
  readonly field: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What has to change to make one policy of another, field by field, in the order of the schema. */
export function changesBetween(before: Policy, after: Policy): PolicyChange[] {
  const changes: PolicyChange[] = [];
  compare(before, after, [], changes);
  return changes;
}

function compare(before: unknown, after: unknown, path: FieldPath, into: PolicyChange[]): void {
  if (isMap(before) && isMap(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(before[key], after[key], [...path, key], into);
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i += 1) {
      compare(before[i], after[i], [...path, i], into);
    }
    return;
  }
  if (before === after) return;
  into.push({
    field: fieldText(path),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  });
}
