import { encodeBlock } from '../events/block.ts';
import type { ChainPosition } from '../events/chain.ts';
import { encodeEpoch, endorseKey } from '../events/epoch.ts';
import type { StoredMessage } from '../events/ledger.ts';
import { type SignedHead, signHead } from '../events/signed-head.ts';
import { createSigner, generateSigningKeyPem, type Signer } from '../events/signing.ts';
import { type VerifyReport, verifyLog } from '../events/verify.ts';

export const signer = createSigner(generateSigningKeyPem());
export const forger = createSigner(generateSigningKeyPem());
export const pinnedKeys = [signer.publicKey];
export const EPOCHS = [3, 0, 4];
/** Messages of such a log: epoch, 3 blocks, two epochs, 4 blocks. */
export const LENGTH = 10;

export const renumber = (messages: readonly StoredMessage[]) =>
  messages.map((message, index) => ({ ...message, seq: index + 1 }));

export const witnessOf = (end: ChainPosition, by = signer): SignedHead =>
  signHead(
    { shard: end.shard, seq: end.blockSeq, no: end.blockNo, hash: end.blockHash, atMs: 1 },
    by,
  );

export async function* each(messages: readonly StoredMessage[]) {
  yield* messages;
}

export const verifyMessages = (
  shard: number,
  messages: readonly StoredMessage[],
  witnesses: readonly SignedHead[] = [],
  keys = pinnedKeys,
) =>
  verifyLog(
    { shard, lastSeq: messages.at(-1)?.seq ?? 0, messages: each(messages) },
    { pinnedKeys: keys, witnesses },
  );

export const kindsOf = ({ findings }: VerifyReport) =>
  findings.map(({ seq, kind }) => `${seq} ${kind}`);

/** A block after the log's end with everything right but the signature. */
export function forgedBlock(
  end: ChainPosition,
  by: Signer,
  epochSeq = end.epoch?.seq ?? 0,
): StoredMessage {
  const place = {
    shard: end.shard,
    epoch: epochSeq,
    no: end.blockNo + 1,
    prevSeq: end.blockSeq,
    prevHash: end.blockHash,
    atMs: end.blockAtMs + 1,
  };
  const { bytes } = encodeBlock(place, [{ type: 'Granted', creditsMicro: 1e12 }], by);
  return messageOf(end, 'block', end.seq + 1, bytes);
}

function messageOf(
  end: ChainPosition,
  kind: StoredMessage['kind'],
  seq: number,
  bytes: Uint8Array,
): StoredMessage {
  return { shard: end.shard, seq, kind, msgId: `forged-${seq}`, storedAtMs: 0, bytes };
}

export function forgedEpoch(end: ChainPosition, by: Signer, endorsedBy?: Signer): StoredMessage {
  const { bytes } = encodeEpoch(
    {
      shard: end.shard,
      generation: 1,
      owner: 'forger',
      atMs: 1,
      previous: end.epoch === undefined ? null : { seq: end.epoch.seq, hash: end.epoch.hash },
      head: null,
      ...(endorsedBy === undefined ? {} : { endorsement: endorseKey(by.publicKey, endorsedBy) }),
    },
    by,
  );
  return messageOf(end, 'epoch', end.seq + 1, bytes);
}

/** What somebody with write access can do to a log, and what must be found then. */
interface Tampering {
  readonly name: string;
  readonly found: readonly string[];
  tamper(messages: readonly StoredMessage[], end: ChainPosition): readonly StoredMessage[];
}

export const TAMPERINGS: readonly Tampering[] = [
  { name: 'nothing', found: [], tamper: (messages) => messages },
  {
    name: 'a removed block',
    found: ['3 missing_block'],
    tamper: (messages) => messages.filter(({ seq }) => seq !== 3),
  },
  {
    name: 'a removed first block of an epoch',
    found: ['7 missing_block'],
    tamper: (messages) => messages.filter(({ seq }) => seq !== 7),
  },
  {
    name: 'the last block before a claim, removed',
    found: ['4 missing_block'],
    tamper: (messages) => messages.filter(({ seq }) => seq !== 4),
  },
  {
    name: 'two swapped blocks',
    found: ['8 missing_block', '9 out_of_order'],
    tamper: (messages) => swap(messages, 8, 9),
  },
  {
    name: 'a removed epoch message',
    found: ['5 missing_epoch', '6 moved'],
    tamper: (messages) => messages.filter(({ seq }) => seq !== 5),
  },
  {
    name: 'a block forged with a correct hash',
    found: ['11 bad_signature'],
    tamper: (messages, end) => [...messages, forgedBlock(end, forger)],
  },
  {
    name: 'an epoch and a block forged with a key of their own',
    found: ['11 untrusted_key', '12 bad_signature'],
    tamper: (messages, end) => {
      const after = { ...end, seq: end.seq + 1 };
      return [...messages, forgedEpoch(end, forger), forgedBlock(after, forger, end.seq + 1)];
    },
  },
  {
    name: 'a forged block in place of a genuine one',
    found: ['10 bad_signature', '10 shorter_than_witness'],
    tamper: (messages, end) => {
      const forged = forgedBlock({ ...end, blockNo: end.blockNo - 1 }, forger);
      return [...messages.slice(0, -1), forged];
    },
  },
  {
    name: 'a cut tail',
    found: ['8 shorter_than_witness'],
    tamper: (messages) => messages.slice(0, -2),
  },
];

function swap(messages: readonly StoredMessage[], left: number, right: number) {
  const swapped = [...messages];
  [swapped[left - 1], swapped[right - 1]] = [
    messages[right - 1] as StoredMessage,
    messages[left - 1] as StoredMessage,
  ];
  return swapped;
}

/** What verification is given from outside: the pinned key and a witness of the whole log. */
export const settingsWith = (end: ChainPosition) => ({ pinnedKeys, witnesses: [witnessOf(end)] });
