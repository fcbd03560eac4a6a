import { type BlockPlace, decodeBlock, encodeBlock, NO_HASH } from '../events/block.ts';
import {
  afterBlock,
  afterEpoch,
  type ChainPosition,
  chainStart,
  checkBlock,
  checkEpoch,
  isBlockSigned,
} from '../events/chain.ts';
import { decodeEpoch, type EpochClaim, encodeEpoch } from '../events/epoch.ts';
import { createSigner, generateSigningKeyPem, sha256 } from '../events/signing.ts';
import { assert, suite } from './harness/suite.ts';

const signer = createSigner(generateSigningKeyPem());
const otherHash = sha256(Uint8Array.of(9));

const firstClaim: EpochClaim = {
  shard: 0,
  generation: 1,
  owner: 'a',
  atMs: 1,
  previous: null,
  head: null,
};
const epochOf = (claim: EpochClaim, by = signer) => decodeEpoch(encodeEpoch(claim, by).bytes);
const blockOf = (place: BlockPlace) =>
  decodeBlock(encodeBlock(place, [], signer).bytes, (event) => event);

// Epoch message at 1, first block at 2.
const claimed = afterEpoch(chainStart(0), epochOf(firstClaim), 1);
const firstPlace: BlockPlace = {
  shard: 0,
  epoch: 1,
  no: 1,
  prevSeq: 0,
  prevHash: NO_HASH,
  atMs: 100,
  claim: { seq: 1, hash: claimed.epoch?.hash ?? NO_HASH },
};
const running = afterBlock(claimed, blockOf(firstPlace), 2);
const nextPlace: BlockPlace = {
  shard: 0,
  epoch: 1,
  no: 2,
  prevSeq: 2,
  prevHash: running.blockHash,
  atMs: 100,
};
const link = { seq: 1, hash: claimed.epoch?.hash ?? NO_HASH };
const nextClaim: EpochClaim = {
  ...firstClaim,
  previous: link,
  head: { seq: 2, no: 1, hash: running.blockHash },
};

const reclaimed = afterEpoch(running, epochOf(nextClaim), 3);

const chain = suite('chain');

chain('I-08 given a claim, a first and a next block, all pass and the position moves', () => {
  assert.is(checkBlock(claimed, blockOf(firstPlace), 2), undefined);
  assert.is(claimed.claimIsOpen, true);
  assert.is(running.claimIsOpen, false);
  assert.is(checkBlock(running, blockOf(nextPlace), 3), undefined);
  assert.is(isBlockSigned(running, blockOf(nextPlace)), true);
  assert.is(checkEpoch(running, epochOf(nextClaim), 3, [signer.publicKey]), undefined);
});

type BadBlock = [what: string, before: ChainPosition, place: BlockPlace, seq: number, kind: string];
const { claim: _claim, ...unclaimed } = firstPlace;
const BAD_BLOCKS: BadBlock[] = [
  ['a gap in the sequences', running, nextPlace, 4, 'missing_sequence'],
  ['the same sequence again', running, nextPlace, 2, 'missing_sequence'],
  ['another shard', running, { ...nextPlace, shard: 1 }, 3, 'wrong_shard'],
  ['no epoch before it', chainStart(0), firstPlace, 1, 'bad_signature'],
  ['a later epoch', running, { ...nextPlace, epoch: 9 }, 3, 'missing_epoch'],
  ['an older epoch', reclaimed, { ...nextPlace, epoch: 1 }, 4, 'stale_epoch'],
  ['a skipped number', running, { ...nextPlace, no: 3 }, 3, 'broken_chain'],
  ['the same number', running, { ...nextPlace, no: 1 }, 3, 'repeated'],
  ['another previous hash', running, { ...nextPlace, prevHash: otherHash }, 3, 'broken_chain'],
  ['another previous sequence', running, { ...nextPlace, prevSeq: 1 }, 3, 'broken_chain'],
  ['no claim where one is due', claimed, unclaimed, 2, 'broken_chain'],
  [
    'a claim of another message',
    claimed,
    { ...firstPlace, claim: { seq: 1, hash: otherHash } },
    2,
    'broken_chain',
  ],
  [
    'a claim at another place',
    claimed,
    { ...firstPlace, claim: { ...link, seq: 2 } },
    2,
    'broken_chain',
  ],
  ['a claim once more', running, { ...nextPlace, claim: link }, 3, 'broken_chain'],
  ['time going back', running, { ...nextPlace, atMs: 99 }, 3, 'time_went_back'],
];

for (const [what, before, place, seq, kind] of BAD_BLOCKS) {
  chain(`a block with ${what} is refused: ${kind}`, () => {
    assert.is(checkBlock(before, blockOf(place), seq)?.kind, kind);
  });
}

type BadEpoch = [what: string, claim: EpochClaim, seq: number, kind: string];
const BAD_EPOCHS: BadEpoch[] = [
  ['a gap in the sequences', nextClaim, 4, 'missing_sequence'],
  ['another shard', { ...nextClaim, shard: 1 }, 3, 'wrong_shard'],
  ['another generation', { ...nextClaim, generation: 2 }, 3, 'wrong_generation'],
  ['a later epoch before it', { ...nextClaim, previous: { ...link, seq: 2 } }, 3, 'missing_epoch'],
  [
    'another epoch before it',
    { ...nextClaim, previous: { ...link, hash: otherHash } },
    3,
    'missing_epoch',
  ],
  [
    'a head that is not in the log',
    { ...nextClaim, head: { seq: 2, no: 1, hash: otherHash } },
    3,
    'broken_chain',
  ],
  [
    'a head beyond the log',
    { ...nextClaim, head: { seq: 7, no: 5, hash: otherHash } },
    3,
    'broken_chain',
  ],
];

for (const [what, claim, seq, kind] of BAD_EPOCHS) {
  chain(`an epoch message with ${what} is refused: ${kind}`, () => {
    assert.is(checkEpoch(running, epochOf(claim), seq, [signer.publicKey])?.kind, kind);
  });
}

chain('an epoch message that names none before it, or an older one, is accepted', () => {
  const keys = [signer.publicKey];
  assert.is(checkEpoch(running, epochOf({ ...nextClaim, previous: null }), 3, keys), undefined);
  assert.is(checkEpoch(reclaimed, epochOf({ ...nextClaim, head: null }), 4, keys), undefined);
});

chain('I-07 only what nobody but an owner can bring about is called broken', () => {
  const verdictOf = (before: ChainPosition, place: BlockPlace, seq: number) =>
    checkBlock(before, blockOf(place), seq)?.verdict;
  assert.is(verdictOf(running, { ...nextPlace, no: 1 }, 3), 'void');
  assert.is(verdictOf(reclaimed, nextPlace, 4), 'void');
  assert.is(verdictOf(running, { ...nextPlace, shard: 1 }, 3), 'void');
  assert.is(verdictOf(running, { ...nextPlace, no: 3 }, 3), 'broken');
  assert.is(verdictOf(running, { ...nextPlace, prevHash: otherHash }, 3), 'broken');
});

chain('an epoch message whose owner had seen an older head is fine: blocks came in between', () => {
  const second = afterBlock(running, blockOf(nextPlace), 3);
  assert.is(checkEpoch(second, epochOf(nextClaim), 4, [signer.publicKey]), undefined);
});

chain('I-07 an epoch with a foreign key, or signed by another, is refused', () => {
  const stranger = createSigner(generateSigningKeyPem());
  const foreign = epochOf(nextClaim, stranger);
  const keys = [signer.publicKey];
  assert.is(checkEpoch(running, foreign, 3, keys)?.kind, 'untrusted_key');
  const claimsOurs = { ...foreign, publicKey: signer.publicKey };
  assert.is(checkEpoch(running, claimsOurs, 3, keys)?.kind, 'bad_signature');
  const foreignBlock = decodeBlock(encodeBlock(nextPlace, [], stranger).bytes, (event) => event);
  assert.is(isBlockSigned(running, foreignBlock), false);
});

chain.run();
