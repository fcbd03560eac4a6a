import { z } from 'zod';
import { NodeName } from './names.ts';

const count = z.int().min(0);
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** How far the background audit of a shard has come. */
export const AuditProgress = z.object({
  /** Everything up to this message has been checked. */
  seq: count,
  /** Durable messages that have not been looked at yet. */
  behind: z.int(),
  /** Up to which message every node has been held against the live state; 0: not yet. */
  comparedSeq: count,
  /** Events checked. */
  events: count,
  /** Answered settles found in the log, still to be looked for, and left out as too many. */
  settles: z.object({ found: count, waiting: count, leftOut: count }),
});
export type AuditProgress = z.infer<typeof AuditProgress>;

/** A team in which something that always holds did not. */
const BrokenTeam = z.object({
  team: NodeName,
  /** Which invariant, where, what was expected and found: the reason of the team's freeze. */
  reason: z.string(),
  /** It failed again after it was frozen: nothing of it is decided any more. */
  isSealed: z.boolean(),
});

/** A head of the log as its owner signed it (`signed-head.ts`). */
const Head = z.object({
  shard: count,
  seq: count,
  no: count,
  hash: bytes,
  atMs: count,
  publicKey: bytes,
  sig: bytes,
});

/** What the owner of a shard answers to a ping (`subjects.ownerPing`). */
export const OwnerPresence = z.object({
  owner: z.string(),
  epoch: count,
  /** The newest one that it has written to its witness, for whoever stands by to remember too. */
  head: Head.optional(),
  audit: AuditProgress.optional(),
  /** The first of them; `brokenCount` is of all. */
  broken: z.array(BrokenTeam).optional(),
  brokenCount: count.optional(),
});
export type OwnerPresence = z.infer<typeof OwnerPresence>;
