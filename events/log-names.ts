import type { MessageKind } from './ledger.ts';

/** Names of the log in the broker. Its two subjects may be published to by owners only. */
export const logNames = {
  stream: (shard: number) => `LEDGER_${shard}`,
  subject: (shard: number, kind: MessageKind) =>
    `ledger.${shard}.${kind === 'epoch' ? 'epoch' : 'blk'}`,
  /** Where the broker repeats each stored message, at most once, for those who watch. */
  live: (shard: number) => `live.ledger.${shard}.>`,
} as const;

/** The kind of message that a subject of the log carries; undefined for any other subject. */
export function kindOfSubject(subject: string): MessageKind | undefined {
  if (subject.endsWith('.blk')) return 'block';
  return subject.endsWith('.epoch') ? 'epoch' : undefined;
}
