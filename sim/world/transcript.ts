/** One message to a writer, with all that came of it. Times are virtual, ms since the world began. */
export interface TranscriptEntry {
  readonly sentAtMs: number;
  /** Name of the process that sent it. */
  readonly from: string;
  readonly agent: string;
  readonly team: string;
  readonly op: string;
  readonly contentType: string | undefined;
  readonly bytes: Uint8Array;
  /** Each time that it reached a writer; none when it was lost, several when it was doubled. */
  readonly arrivals: { readonly atMs: number; readonly process: string; readonly shard: number }[];
  readonly replies: TranscriptReply[];
}

/** A reply as it left a writer. */
export interface TranscriptReply {
  readonly repliedAtMs: number;
  readonly process: string;
  readonly shard: number;
  readonly contentType: string | undefined;
  readonly bytes: Uint8Array;
  /** When it first reached the asker; undefined as long as it has not. */
  arrivedAtMs: number | undefined;
}

/** Everything that was asked of writers and what they answered, in the order of the asking. */
export class Transcript {
  readonly entries: TranscriptEntry[] = [];
  readonly #byReply = new Map<string, TranscriptEntry>();

  /** @param reply where the answer is to go, unique to the message; undefined when none is wanted */
  sent(
    entry: Omit<TranscriptEntry, 'arrivals' | 'replies'>,
    reply: string | undefined,
  ): TranscriptEntry {
    const full: TranscriptEntry = { ...entry, arrivals: [], replies: [] };
    this.entries.push(full);
    if (reply !== undefined) this.#byReply.set(reply, full);
    return full;
  }

  of(reply: string | undefined): TranscriptEntry | undefined {
    return reply === undefined ? undefined : this.#byReply.get(reply);
  }
}
