import { z } from 'zod';
import { CommandId, NodeName } from './names.ts';

/** Version of the event formats written today; older ones pass through events/upcast.ts. */
export const EVENT_VERSION = 1;

/** ms since 1970, by the writer's clock. */
export const time = z.int().min(0);
export const count = z.int().min(0);
/** Integer of either sign; a recorded priority. */
export const level = z.int();

/** Fields of every event. */
const header = { v: z.literal(EVENT_VERSION), team: NodeName, atMs: time };
/** Fields of an event that answers a command: whose it was and how a repeat of it is known. */
export const cause = {
  id: CommandId.optional(),
  by: NodeName.optional(),
  /** 53 bits of the SHA-256 of the command's content; absent where the writer made the id. */
  digest: z.int().min(0).optional(),
};

/** The schema of one type of event. */
export const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), ...header, ...shape });
