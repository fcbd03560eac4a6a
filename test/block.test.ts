import fc from 'fast-check';
import {
  BLOCK_EVENT_BYTES_MAX,
  BlockBuilder,
  BlockTooLargeError,
  decodeBlock,
  encodeBlock,
  NO_HASH,
} from '../events/block.ts';
import { decode, encode, encodeCanonical } from '../events/codec.ts';
import { decodeEpoch, encodeEpoch, endorseKey, isKeyTrusted } from '../events/epoch.ts';
import { LIMITS } from '../events/limits.ts';
import { BLOCK_OVERHEAD_BYTES_MAX, EPOCH_BYTES_MAX } from '../events/log-sizes.ts';
import { MSGPACK_DEPTH_MAX } from '../events/msgpack-shape.ts';
import {
  createSigner,
  generateSigningKeyPem,
  publicKeyFromPem,
  sha256,
  verifySignature,
} from '../events/signing.ts';
import { assert, suite } from './harness/suite.ts';

const MAX = 64 * 1024;
const signer = createSigner(generateSigningKeyPem());
const place = {
  shard: 2,
  epoch: 7,
  no: 3,
  prevSeq: 9,
  prevHash: sha256(Uint8Array.of(1)),
  atMs: 1_764_000_000_000,
};
const keep = (value: unknown) => value;
const codeIs = (code: string) => (error: unknown) => (error as { code?: string }).code === code;

const codec = suite('codec');

codec('plain data comes back equal, times in milliseconds as numbers', () => {
  const value = { atMs: 1_764_000_000_123, big: Number.MAX_SAFE_INTEGER, s: 'ä€', n: null, l: [1] };
  assert.equal(decode(encode(value), MAX), value);
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (json) => {
      fc.pre(!JSON.stringify(json).includes('__proto__'));
      const clean = JSON.parse(JSON.stringify(json));
      assert.equal(decode(encode(clean), 1e6), clean);
    }),
  );
});

codec('undefined fields are left out, never null', () => {
  assert.equal(decode(encode({ a: undefined, b: 1 }), MAX), { b: 1 });
});

codec('canonical bytes do not depend on the order of keys', () => {
  assert.equal(
    encodeCanonical({ b: { d: 1, c: 2 }, a: 3 }),
    encodeCanonical({ a: 3, b: { c: 2, d: 1 } }),
  );
});

codec('what is no plain data is refused, not turned into something else', () => {
  for (const value of [new Date(0), new Map(), new Set(), 1n, () => 1, Symbol('x')]) {
    assert.throws(() => encode({ value }), /./);
  }
});

codec('malformed bytes are one typed error', () => {
  const bad: [string, number[]][] = [
    ['empty', []],
    ['cut map', [0x81, 0xa1]],
    ['cut string', [0xa5, 0x61]],
    ['cut number', [0xcf, 0, 0]],
    ['trailing byte', [0xc0, 0xc0]],
    ['unassigned type byte', [0xc1]],
    ['extension', [0xd4, 1, 0]],
    ['timestamp', [0xd6, 0xff, 0, 0, 0, 0]],
    ['__proto__ as a key', [0x81, 0xa9, ...Buffer.from('__proto__'), 0xc0]],
    ['a list as a key', [0x81, 0x90, 0xc0]],
    ['more items than bytes', [0xdd, 0x01, 0xff, 0xff, 0xff, 0xc0]],
    ['deeply nested', Array.from({ length: MSGPACK_DEPTH_MAX + 1 }, () => 0x91).concat(0xc0)],
  ];
  for (const [what, bytes] of bad) {
    try {
      decode(Uint8Array.from(bytes), MAX);
    } catch (error) {
      assert.is((error as { code?: string }).code, 'malformed', what);
      continue;
    }
    assert.unreachable(`${what} was accepted`);
  }
});

codec('headers that promise gigabytes cost nothing', () => {
  const nested = new Uint8Array(MAX);
  for (let at = 0; at + 3 <= MAX; at += 3) nested.set([0xdc, 0xff, 0xff], at);
  const startedAtMs = performance.now();
  const before = process.memoryUsage().rss;
  assert.throws(() => decode(nested, MAX), /promises more items/);
  assert.ok(process.memoryUsage().rss - before < 50e6);
  assert.ok(performance.now() - startedAtMs < 100);
});

codec('more bytes than the caller allows are refused before they are looked at', () => {
  assert.throws(() => decode(encode('x'.repeat(100)), 50), /at most 50/);
});

codec('random bytes give a value or the typed error, nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        decode(bytes, MAX);
      } catch (error) {
        assert.is((error as { code?: string }).code, 'malformed');
      }
    }),
    { numRuns: 3_000 },
  );
});

codec('decoded binary shares no memory with the buffer that it came in', () => {
  const message = encode({ key: Uint8Array.of(1, 2, 3) });
  const pool = new Uint8Array(1_000);
  pool.set(message, 100);
  const decoded = decode(pool.subarray(100, 100 + message.length), MAX) as { key: Uint8Array };
  pool.fill(0);
  assert.equal(decoded.key, Uint8Array.of(1, 2, 3));
});

codec.run();

const blocks = suite('blocks');

blocks('a block comes back as it was written, its hash is that of its body', () => {
  const events = [
    { type: 'A', n: 1 },
    { type: 'B', list: [1, 2] },
  ];
  const sealed = encodeBlock({ ...place, claim: { seq: 7, hash: NO_HASH } }, events, signer);
  const block = decodeBlock(sealed.bytes, keep);
  assert.equal(block.events, events);
  assert.equal(block.hash, sealed.hash);
  assert.equal(sha256(block.body), sealed.hash);
  assert.equal(block.claim, { seq: 7, hash: NO_HASH });
  for (const field of ['shard', 'epoch', 'no', 'prevSeq', 'atMs'] as const) {
    assert.is(block[field], place[field]);
  }
  assert.is('claim' in decodeBlock(encodeBlock(place, [], signer).bytes, keep), false);
});

blocks('events gathered one by one give the same bytes as all at once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.jsonValue(), { maxLength: 4 }), { maxLength: 30 }),
      (batches) => {
        // A key that the codec refuses by design; no event has one.
        fc.pre(!JSON.stringify(batches).includes('__proto__'));
        const clean = JSON.parse(JSON.stringify(batches)) as unknown[][];
        const builder = new BlockBuilder();
        for (const batch of clean) assert.ok(builder.add(batch));
        const gathered = builder.seal(place, signer);
        const body = encode({ v: 1, ...place, events: clean.flat() });
        assert.equal(decodeBlock(gathered.bytes, keep).body, body);
      },
    ),
    { numRuns: 50 },
  );
});

blocks('a decision that does not fit is not cut', () => {
  const builder = new BlockBuilder();
  const third = 'x'.repeat(BLOCK_EVENT_BYTES_MAX / 3);
  assert.ok(builder.add([third]));
  const before = [builder.eventCount, builder.eventBytes];
  assert.is(builder.add(['small', third, third]), false);
  assert.equal([builder.eventCount, builder.eventBytes], before);
  assert.equal(decodeBlock(builder.seal(place, signer).bytes, keep).events, [third]);
});

blocks('a block filled to the last byte is within the limit and can be read', () => {
  const builder = new BlockBuilder();
  assert.ok(builder.add(['x'.repeat(BLOCK_EVENT_BYTES_MAX - 5)]));
  assert.is(builder.eventBytes, BLOCK_EVENT_BYTES_MAX);
  const max = Number.MAX_SAFE_INTEGER;
  const far = { shard: max, epoch: max, no: max, prevSeq: max, prevHash: NO_HASH, atMs: max };
  const sealed = builder.seal({ ...far, claim: { seq: max, hash: NO_HASH } }, signer);
  assert.ok(sealed.bytes.length <= LIMITS.blockBytesMax);
  assert.ok(sealed.bytes.length > LIMITS.blockBytesMax - BLOCK_OVERHEAD_BYTES_MAX);
  assert.is(decodeBlock(sealed.bytes, keep).no, max);
});

blocks('limits of one block', () => {
  const events = Array.from({ length: LIMITS.blockEventsMax + 1 }, () => 1);
  assert.throws(
    () => encodeBlock(place, events, signer),
    (error: unknown) => {
      return error instanceof BlockTooLargeError && error.code === 'block_too_large';
    },
  );
  assert.is(
    decodeBlock(encodeBlock(place, events.slice(1), signer).bytes, keep).events.length,
    2_000,
  );
});

blocks('bytes that are no block are refused by one typed error', () => {
  const { bytes } = encodeBlock(place, ['x'], signer);
  const strange = [
    bytes.slice(0, -1),
    encode({ body: Uint8Array.of(1) }),
    encode({ body: encode({ v: 2 }), sig: new Uint8Array(64) }),
    encode({ body: encode({ ...place, v: 1, events: [], more: 1 }), sig: new Uint8Array(64) }),
    encode({ body: encode({ ...place, v: 1, no: 0, events: [] }), sig: new Uint8Array(64) }),
    encode({
      body: encode({ ...place, v: 1, prevHash: Uint8Array.of(1), events: [] }),
      sig: new Uint8Array(64),
    }),
    encode('x'),
  ];
  for (const bad of strange) assert.throws(() => decodeBlock(bad, keep), codeIs('log_format'));
});

blocks('what the parser of events throws is not swallowed', () => {
  const { bytes } = encodeBlock(place, ['x'], signer);
  const parse = (): never => {
    throw new RangeError('poison');
  };
  assert.throws(() => decodeBlock(bytes, parse), /poison/);
});

blocks.run();

const keys = suite('epochs and keys');
const claim = { shard: 0, generation: 1, owner: 'a', atMs: 5, previous: null, head: null };

keys('an epoch message comes back as it was written, within its size', () => {
  const head = { seq: 4, no: 2, hash: NO_HASH };
  const previous = { seq: 3, hash: NO_HASH };
  const endorsement = endorseKey(signer.publicKey, signer);
  const full = { ...claim, owner: 'x'.repeat(256), previous, head, endorsement };
  const { bytes, hash } = encodeEpoch(full, signer);
  const epoch = decodeEpoch(bytes);
  assert.ok(bytes.length <= EPOCH_BYTES_MAX);
  assert.equal([epoch.head, epoch.previous, epoch.hash], [head, previous, hash]);
  assert.equal(epoch.publicKey, signer.publicKey);
});

keys('a signature holds for its own domain only', () => {
  const payload = sha256(Uint8Array.of(1));
  const sig = signer.sign('bursar.block.v1', payload);
  assert.ok(verifySignature(signer.publicKey, 'bursar.block.v1', payload, sig));
  assert.is(verifySignature(signer.publicKey, 'bursar.epoch.v1', payload, sig), false);
  assert.is(verifySignature(new Uint8Array(32), 'bursar.block.v1', payload, sig), false);
  assert.is(verifySignature(Uint8Array.of(1), 'bursar.block.v1', payload, sig), false);
});

keys('a key is believed when pinned, when it was the last one, or endorsed by one of these', () => {
  const other = createSigner(generateSigningKeyPem());
  const stranger = createSigner(generateSigningKeyPem());
  const pinned = [signer.publicKey];
  const of = (publicKey: Uint8Array) => ({ publicKey });
  assert.ok(isKeyTrusted(of(signer.publicKey), undefined, pinned));
  assert.ok(isKeyTrusted(of(other.publicKey), other.publicKey, pinned));
  assert.is(isKeyTrusted(of(other.publicKey), undefined, pinned), false);
  const byPinned = endorseKey(other.publicKey, signer);
  assert.ok(isKeyTrusted({ ...of(other.publicKey), endorsement: byPinned }, undefined, pinned));
  const byStranger = endorseKey(other.publicKey, stranger);
  assert.is(
    isKeyTrusted({ ...of(other.publicKey), endorsement: byStranger }, undefined, pinned),
    false,
  );
  // The word of the pinned key was given for another key.
  assert.is(
    isKeyTrusted({ ...of(stranger.publicKey), endorsement: byPinned }, undefined, pinned),
    false,
  );
  const claimed = { by: signer.publicKey, sig: byStranger.sig };
  assert.is(
    isKeyTrusted({ ...of(other.publicKey), endorsement: claimed }, undefined, pinned),
    false,
  );
});

keys('public keys are read from PEM, other keys are refused', () => {
  const pem = generateSigningKeyPem();
  const publicKey = publicKeyFromPem(pem);
  assert.equal(publicKey, createSigner(pem).publicKey);
  assert.throws(() => publicKeyFromPem('nonsense'), /PEM/);
});

keys.run();
