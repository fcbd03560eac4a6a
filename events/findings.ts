/** Everything that verification can find, and what to do about each. */
const ADVICE = {
  undecodable:
    'the message was altered or is foreign; compare it with the second copy and restore from there',
  missing_sequence:
    'the store lost or cannot read messages; restore it from the second copy before writing on',
  wrong_shard: 'a message of another shard was put here; find out who can write to `ledger.>`',
  bad_signature:
    'the message was altered or forged by somebody who can write but has no signing key; ' +
    'change the NATS keys and restore the log from the second copy',
  untrusted_key:
    'pin the key if it is yours (`--key`), else treat all that it signed as forged and change the ' +
    'NATS keys',
  missing_epoch: 'an epoch message was removed; restore the log from the second copy',
  stale_epoch:
    'a fenced-off owner got through; keep the log and report it as a fault of the broker',
  wrong_generation: 'messages of an archived generation were mixed in; restore the log',
  missing_block: 'blocks were removed; restore the log from the second copy',
  out_of_order: 'blocks were swapped or repeated; restore the log from the second copy',
  broken_chain: 'history was rewritten before this message; restore the log from the second copy',
  moved: 'messages were removed or inserted before this one; restore the log from the second copy',
  time_went_back:
    'the writer\u2019s clock was wrong; no balance depends on it, but look at the machine',
  bad_event: 'the event cannot be read by this version; upgrade, or see the quarantine',
  shorter_than_witness:
    'the end of the log is gone; keep the shard frozen and restore it from the second copy',
  witness_mismatch: 'the log differs from what its owner signed; restore it from the second copy',
  bad_witness: 'the witness file was altered or is foreign; compare it with another copy of it',
  export_cut: 'the export is incomplete; export again',
  export_damaged: 'the export was altered after it was written; export again',
} as const;

export type FindingKind = keyof typeof ADVICE;

/** One thing that is wrong with a log. */
export interface Finding {
  readonly shard: number;
  /** The message in question; 0 where it is about the whole. */
  readonly seq: number;
  readonly kind: FindingKind;
  readonly detail: string;
  readonly advice: string;
}

/** Findings kept in a report; more are only counted. */
export const FINDINGS_MAX = 1_000;

export function finding(shard: number, seq: number, kind: FindingKind, detail: string): Finding {
  return { shard, seq, kind, detail, advice: ADVICE[kind] };
}
