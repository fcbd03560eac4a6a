import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { CommandId } from './names.ts';

/** Version of the command format; a command may carry it as `v`, absent means this one. */
export const COMMAND_VERSION = 1;

/** Fields of every command. */
export const common = {
  v: z.literal(COMMAND_VERSION).optional(),
  /** Idempotency key: the same id with the same content gets the same final answer. */
  id: CommandId.optional(),
  /** How long ago this command was sent for the first time, ms; 0 or absent on the first try. */
  firstSentMsAgo: z.int().min(0).optional(),
};

/** Free text. Half a surrogate pair would be read back from the log as another character. */
export const Reason = z
  .string()
  .max(200)
  .refine((text) => !/\p{Surrogate}/u.test(text), { message: 'holds half a character' });

/** A lease in ms. */
export const ttlMs = z.int().min(LIMITS.ttlMsMin).max(LIMITS.leaseMsMax);

/** Whether a record names something, and no more than a bundle may. */
export const isSized = (record: Record<string, unknown>) => {
  const count = Object.keys(record).length;
  return count > 0 && count <= LIMITS.itemsMax;
};
export const itemsMessage = { message: `must name 1 to ${LIMITS.itemsMax} resources` };
