import { z } from 'zod';

/**
 * Named points on the integer scale of base priorities. Any integer between them is a priority
 * too; `emergency` is a class above all others and no aging reaches it.
 */
export const ExecutionPriority = {
  low: 0,
  normal: 100,
  medium: 100,
  high: 200,
  critical: 300,
  emergency: 1_000_000,
} as const;

/** A base priority as a number, higher is more urgent. */
export type Priority = number;

const names = Object.keys(ExecutionPriority) as [keyof typeof ExecutionPriority];

/** A name, or an integer below `emergency`; always read as the number. */
export const PriorityInput = z.union([
  z.enum(names).transform((name) => ExecutionPriority[name] as Priority),
  z.int().min(-100_000).max(ExecutionPriority.emergency),
]);

/** The closest name at or below a priority, for people. */
export function priorityName(priority: Priority): string {
  if (priority >= ExecutionPriority.emergency) return 'emergency';
  if (priority >= ExecutionPriority.critical) return 'critical';
  if (priority >= ExecutionPriority.high) return 'high';
  if (priority >= ExecutionPriority.normal) return 'normal';
  return 'low';
}
