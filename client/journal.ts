import type { Outgoing } from './entry.ts';

/** A settle or release that has no answer yet. */
export interface JournalEntry {
  /** With its id. */
  readonly command: Outgoing & { readonly id: string };
  /** When it was first sent, or should have been, by this machine's wall clock. */
  readonly firstSentAtUnixMs: number;
}

/**
 * Keeps settles and releases from before their first try until their answer, so that what was
 * spent is booked although the broker was away or this process died.
 */
export interface SettleJournal {
  /** Whether it outlives this process. */
  readonly isDurable: boolean;
  /** Keeps an entry; with a promise to wait for when keeping takes time. @throws JournalError */
  append(entry: JournalEntry): Promise<void> | undefined;
  /** Drops an entry that has its answer. When that is lost, it is sent once more: no harm. */
  remove(id: string): void;
  /** What has no answer yet, oldest first. */
  entries(): readonly JournalEntry[];
  close(): Promise<void>;
}

/** A {@link SettleJournal} that ends with the process. */
export function memoryJournal(): SettleJournal {
  const kept = new Map<string, JournalEntry>();
  return {
    isDurable: false,
    append: (entry) => {
      kept.set(entry.command.id, entry);
      return undefined;
    },
    remove: (id) => {
      kept.delete(id);
    },
    entries: () => [...kept.values()],
    close: async () => {},
  };
}
