import type { Chance } from '../chance.ts';

/** Bytes that begin something in msgpack or JSON. */
const HEADS = [
  0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6, 0xc7, 0xc9, 0xca, 0xcb,
  0xcf, 0xd3, 0xd4, 0xd8, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff, 0x22, 0x2c, 0x3a, 0x5b,
  0x5c, 0x5d, 0x7b, 0x7d, 0xc3, 0xed, 0xf8,
];

/** The bytes after so many small accidents. */
export function changeBytes(bytes: Uint8Array, chance: Chance, times: number): Uint8Array {
  let changed = Uint8Array.from(bytes);
  for (let time = 0; time < times; time += 1) changed = accident(changed, chance);
  return changed;
}

function accident(bytes: Uint8Array<ArrayBuffer>, chance: Chance): Uint8Array<ArrayBuffer> {
  const at = chance.upTo(Math.max(0, bytes.length - 1));
  switch (chance.upTo(7)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.upTo(7));
      return bytes;
    case 1:
      bytes[at] = chance.pick(HEADS);
      return bytes;
    case 2:
      bytes[at] = chance.upTo(255);
      return bytes;
    case 3:
      return bytes.slice(0, at);
    case 4:
      return spliced(bytes, at, 1 + chance.skewed(16), new Uint8Array());
    case 5:
      return spliced(
        bytes,
        at,
        0,
        Uint8Array.of(chance.pick(HEADS), ...chance.bytes(chance.upTo(4))),
      );
    case 6:
      return spliced(bytes, at, 0, bytes.slice(at, at + 1 + chance.skewed(64)));
    default:
      return spliced(bytes, bytes.length, 0, chance.bytes(1 + chance.skewed(8)));
  }
}

function spliced(
  bytes: Uint8Array,
  at: number,
  removed: number,
  added: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    Buffer.concat([
      bytes.subarray(0, at),
      added,
      bytes.subarray(Math.min(bytes.length, at + removed)),
    ]),
  );
}
