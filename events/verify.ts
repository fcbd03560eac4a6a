import type { Finding } from './findings.ts';
import type { Ledger, StoredMessage } from './ledger.ts';
import { LogAuditor } from './log-auditor.ts';
import { readAround } from './read-around.ts';
import { isHeadSigned, type SignedHead } from './signed-head.ts';
import { toHex } from './signing.ts';

export interface VerifySettings {
  /** Raw public keys of the owners that are believed without endorsement. At least one. */
  readonly pinnedKeys: readonly Uint8Array[];
  /** Heads kept outside the log; those of other shards are ignored. */
  readonly witnesses: readonly SignedHead[];
  /** Parses an event or throws; what it gives is not used. Default: every event passes. */
  readonly parseEvent?: (value: unknown, index: number) => unknown;
}

/** What is to be verified: a shard's messages, gaps included, and where the log is said to end. */
export interface VerifySource {
  readonly shard: number;
  readonly lastSeq: number;
  readonly messages: AsyncIterable<StoredMessage>;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly shard: number;
  readonly messages: number;
  readonly blocks: number;
  readonly events: number;
  readonly epochs: number;
  /** The last genuine block; null if there is none. `hash` in hex. */
  readonly head: { readonly seq: number; readonly no: number; readonly hash: string } | null;
  /** Which key (hex) signs from which epoch on. */
  readonly keys: readonly { readonly epochSeq: number; readonly publicKey: string }[];
  readonly findings: readonly Finding[];
  /** Findings beyond the first thousand. */
  readonly findingsLeftOut: number;
}

/** Verifies one shard's log: places, chain, signatures, keys, witnesses. Never throws on a bad log. */
export async function verifyLog(
  source: VerifySource,
  settings: VerifySettings,
): Promise<VerifyReport> {
  const auditor = newAuditor(source.shard, settings);
  for await (const message of source.messages) auditor.add(message);
  return conclude(source.shard, auditor, source.lastSeq, settings.witnesses);
}

/** Verifies a shard of a live ledger. Throws LedgerUnavailableError. */
export async function verifyLedger(
  ledger: Ledger,
  shard: number,
  settings: VerifySettings,
): Promise<VerifyReport> {
  const { lastSeq } = await ledger.head(shard);
  return verifyLog({ shard, lastSeq, messages: readAround(ledger, shard, 1, lastSeq) }, settings);
}

/** For one-pass verification of several shards: feed it messages, then `conclude`. */
export function newAuditor(shard: number, settings: VerifySettings): LogAuditor {
  const { pinnedKeys, witnesses, parseEvent = (value) => value } = settings;
  const auditor = new LogAuditor(shard, pinnedKeys, parseEvent);
  for (const witness of witnesses) {
    if (witness.shard === shard && isHeadSigned(witness)) auditor.expectBlock(witness);
  }
  return auditor;
}

/** Ends an audit: the log's end, the witnesses, the report. */
export function conclude(
  shard: number,
  auditor: LogAuditor,
  lastSeq: number,
  witnesses: readonly SignedHead[],
): VerifyReport {
  auditor.expectEnd(lastSeq);
  for (const witness of witnesses) {
    if (witness.shard === shard) checkWitness(auditor, witness);
  }
  const { findings, findingsLeftOut, messages, blocks, events, epochs, head } = auditor;
  return {
    ok: findings.length === 0,
    shard,
    messages,
    blocks,
    events,
    epochs,
    head: head.no === 0 ? null : { seq: head.seq, no: head.no, hash: toHex(head.hash) },
    keys: auditor.keys.map(({ seq, publicKey }) => ({
      epochSeq: seq,
      publicKey: toHex(publicKey),
    })),
    findings,
    findingsLeftOut,
  };
}

function checkWitness(auditor: LogAuditor, witness: SignedHead): void {
  if (!isHeadSigned(witness) || !auditor.isTrustedKey(witness.publicKey)) {
    auditor.note(0, 'bad_witness', 'the witness is not signed by an owner of this log');
    return;
  }
  const { head } = auditor;
  if (witness.no > head.no) {
    const seen = `a witness saw block ${witness.no} at sequence ${witness.seq}`;
    auditor.note(auditor.lastSeq, 'shorter_than_witness', `${seen}, the log ends at ${head.no}`);
  }
}
