import { z } from 'zod';
import { LIMITS } from './limits.ts';

/** A node's or an agent's own name: one NATS token. */
export const NodeName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must match [A-Za-z0-9_-]{1,64}');

/** An id chosen by a client. Opaque: nothing is read out of it. Unique in its team. */
export const CommandId = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ : -');

/** `team/swarm/run/…/step`, outermost first. */
export const NodePath = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}(\/[A-Za-z0-9_-]{1,64})*$/, 'must be names joined by "/"')
  .refine((path) => depthOf(path) <= LIMITS.depthMax, {
    message: `is deeper than ${LIMITS.depthMax} tiers; nest less`,
  });

/** A resource: lower case, dots for families such as `tool.web_search`. */
export const ResourceName = z
  .string()
  .regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'must be lower case, 1 to 64 of a-z 0-9 _ . -');

/** Number of tiers in a path; 1 is the team. */
export function depthOf(path: string): number {
  let depth = 1;
  for (let i = 0; i < path.length; i += 1) if (path.charCodeAt(i) === 47) depth += 1;
  return depth;
}

/** The team that a path belongs to. */
export function teamOf(path: string): string {
  const slash = path.indexOf('/');
  return slash === -1 ? path : path.slice(0, slash);
}

/** The path one tier up, or undefined at the team. */
export function parentPathOf(path: string): string | undefined {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? undefined : path.slice(0, slash);
}

/** The swarm's name in a path, or `~` (no name can be that) for the team itself. */
export function swarmOf(path: string): string {
  return path.split('/', 2)[1] ?? '~';
}

/** Whether `path` is `prefix` or lies beneath it. */
export function isWithin(path: string, prefix: string): boolean {
  return path === prefix || (path.startsWith(prefix) && path.charCodeAt(prefix.length) === 47);
}
