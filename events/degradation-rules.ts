import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { PriorityInput } from './priority.ts';
import { ToolPatterns } from './rules.ts';

/** Levels besides 0, at which nothing is restricted. */
export const LEVEL_MAX = 4;

/** What is still admitted beneath a node that stands at a level (semantics §8). */
export const LevelRules = z.strictObject({
  /** Least base priority that is admitted; null: any. */
  admit: PriorityInput.nullable().default(null),
  /** Most of a divisible item that is granted, thousandths, but never less than its `min`. */
  partialPermilleMax: z.int().min(1).max(1000).nullable().default(null),
  /** Whether runs may be opened, by command or by a request. */
  newRuns: z.boolean().default(true),
  /** Tools that nobody gets: names with `*` for any part of them. */
  toolsDenied: ToolPatterns.default([]),
  /** Whether `critical` may draw on the emergency reserve; `emergency` always may. */
  reserve: z.boolean().default(false),
  /** What is not admitted is denied, or waits until it is where it would wait at all. */
  refused: z.enum(['deny', 'queue']).default('deny'),
  /** Told in every answer beneath: which model to use instead, how to save. */
  modelHint: z
    .string()
    .regex(/^[\x20-\x7e]{1,100}$/, 'must be 1 to 100 plain characters')
    .optional(),
});
/** The vector of one level. */
export type LevelRules = z.infer<typeof LevelRules>;

const Level = z.int().min(0).max(LEVEL_MAX);

/**
 * How a team and its swarms degrade instead of failing. A node falls to the level that the
 * worst of its alarms leads to in the same decision, and rises by one level each time that nothing
 * has held it there for `dwellMs`. On a path the strictest of team and swarm is in force.
 */
export const DegradationRules = z.strictObject({
  /** What levels 1 to 4 admit; those above the last are as the last. */
  levels: z.array(LevelRules).min(1).max(LEVEL_MAX),
  /** The level to which each kind of alarm of team or swarm leads. */
  from: z
    .strictObject({
      notice: Level.default(0),
      warning: Level.default(1),
      critical: Level.default(2),
      exhausted: Level.default(3),
    })
    .prefault({}),
  dwellMs: z.int().min(0).max(LIMITS.dwellMsMax).default(LIMITS.dwellMsDefault),
});
export type DegradationRules = z.infer<typeof DegradationRules>;
