import type { Ledger, StoredMessage } from './ledger.ts';
import { LogUnreadableError } from './ledger-errors.ts';

/**
 * Reads a range as far as it can be read at all: what is unreadable is left out, so the reader sees
 * a gap in the sequences instead of an error. For verification and export, never for replay.
 * Throws LedgerUnavailableError.
 */
export async function* readAround(
  ledger: Ledger,
  shard: number,
  fromSeq: number,
  toSeq: number,
): AsyncGenerator<StoredMessage> {
  let nextSeq = fromSeq;
  while (nextSeq <= toSeq) {
    try {
      for await (const message of ledger.read(shard, nextSeq, toSeq)) {
        nextSeq = message.seq + 1;
        yield message;
      }
      return;
    } catch (error) {
      if (!(error instanceof LogUnreadableError)) throw error;
      nextSeq = await firstReadable(ledger, shard, error.seq + 1, toSeq);
    }
  }
}

async function firstReadable(
  ledger: Ledger,
  shard: number,
  fromSeq: number,
  toSeq: number,
): Promise<number> {
  for (let seq = fromSeq; seq <= toSeq; seq += 1) {
    if ((await ledger.get(shard, seq)) !== undefined) return seq;
  }
  return toSeq + 1;
}
