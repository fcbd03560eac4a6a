import { z } from 'zod';
import { NodeName, NodePath, ResourceName } from './names.ts';
import { PriorityInput } from './priority.ts';
import { Amount } from './resources.ts';
import { Role } from './roles.ts';
import { Strategy } from './strategy.ts';

/** Rules of one kind in one policy. */
const RULES_MAX = 64;
/** Agents, roles or patterns that one rule names. */
const NAMES_MAX = 64;

/** Whom a rule concerns, where it is not everybody: any of the agents or roles named. */
const concerns = {
  /** What decisions call the rule; else it is known by its kind and number. */
  name: NodeName.optional(),
  /** On this node and beneath it. */
  path: NodePath,
  agents: z.array(NodeName).max(NAMES_MAX).optional(),
  roles: z.array(Role).max(NAMES_MAX).optional(),
};

/** A tool's name, `*` for any run of characters: `web_*`. */
const ToolPattern = z
  .string()
  .regex(/^[a-z0-9_.*-]{1,64}$/, 'must be a name of a tool, with * for any part of it');
export const ToolPatterns = z.array(ToolPattern).max(NAMES_MAX);

/**
 * Which tools may be used on a node and beneath it (T-12, R-18). A tool must be allowed by the rules
 * of every node on the path; what they mean together is in actors/rules/tool-rules.ts.
 */
export const ToolRule = z.strictObject({
  ...concerns,
  allow: ToolPatterns.optional(),
  deny: ToolPatterns.optional(),
});
export type ToolRule = z.infer<typeof ToolRule>;

/** What a request of more than `above` needs, or whether it may be at all (T-05). */
export const BusinessRule = z.strictObject({
  ...concerns,
  resource: ResourceName,
  /** An ask of more than this, in the resource's unit, is concerned. */
  above: Amount,
  effect: z.enum(['approve', 'deny']),
});
export type BusinessRule = z.infer<typeof BusinessRule>;

/** How far a caller's own word goes (semantics §1). Of several caps the strictest counts. */
export const CallerCap = z.strictObject({
  ...concerns,
  priorityMax: PriorityInput.optional(),
  businessImpactMax: z.int().min(0).max(100).optional(),
  /** Share of each limited resource of `path` that may be held by what is not preemptible. */
  nonPreemptibleMaxPermille: z.int().min(0).max(1000).optional(),
  /** The only strategies that a caller may ask for. */
  strategies: z.array(Strategy).optional(),
});
export type CallerCap = z.infer<typeof CallerCap>;

export const ToolRules = z.array(ToolRule).max(RULES_MAX);
export const BusinessRules = z.array(BusinessRule).max(RULES_MAX);
export const CallerCaps = z.array(CallerCap).max(RULES_MAX);
