import { z } from 'zod';
import { common, Reason } from './command-kit.ts';
import { LIMITS } from './limits.ts';
import { NodePath, ResourceName } from './names.ts';

/** Takes the supply of a resource away beneath a node, whatever its rules say. */
const OpenBreaker = z.strictObject({
  op: z.literal('openBreaker'),
  ...common,
  path: NodePath,
  resource: ResourceName,
  /** Then it is tried again; absent: it stays open until it is closed. */
  forMs: z.int().min(1).max(LIMITS.breakerMsMax).optional(),
  reason: Reason.optional(),
});
const CloseBreaker = z.strictObject({
  op: z.literal('closeBreaker'),
  ...common,
  path: NodePath,
  resource: ResourceName,
});

export const BREAKER_COMMANDS = [OpenBreaker, CloseBreaker] as const;
