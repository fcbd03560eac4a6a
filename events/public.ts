/**
 * What other programs may rely on: the schemas of commands, answers and events, their types under
 * the specification's names, and the tables of resources, priorities, limits and refusals.
 */
export {
  Answer,
  type AnswerOf,
  BatchReply,
  Emergency,
  ErrorClass,
  Evidence,
  Refusal,
  type ResourceConflict,
  Severity,
} from './answers.ts';
export type { BalanceLine as ResourceBudget } from './balance-line.ts';
export {
  Command,
  type CommandInput,
  type CommandOf,
  ResourceLimits,
} from './commands.ts';
export { BursarEvent, type EventOf, type EventType } from './events.ts';
export { LIMITS } from './limits.ts';
export { Notice } from './notice.ts';
export { DEFAULT_POLICY, Policy } from './policy.ts';
export { ExecutionPriority, priorityName } from './priority.ts';
export { ConflictType, DenialReason } from './reasons.ts';
export { RefusalCode } from './refusal-code.ts';
export { REFUSALS } from './refusals.ts';
export type { ResourceAllocationRequest } from './request-command.ts';
export {
  BUILT_IN_RESOURCES,
  RateMeter,
  Registry,
  type ResourceType,
  resourceTypeOf,
} from './resources.ts';
export { Role } from './roles.ts';
export { Strategy } from './strategy.ts';
export { subjects } from './subjects.ts';
export { readEvent, UnreadableEventError } from './upcast.ts';
export type { ResourceAllocation, ResourceReservation } from './views.ts';
