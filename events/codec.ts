import { Decoder, Encoder, type ExtensionCodecType } from '@msgpack/msgpack';
import { assertMsgpackShape, MalformedBytesError } from './msgpack-shape.ts';

/**
 * MessagePack, the only wire and storage form besides JSON at the edge.
 *
 * One encoder and one decoder serve the whole process: creating them costs more than using them.
 * Integers beyond 2^53-1 come back inexact, so schemas must ask for safe integers. Extension types
 * are refused both ways: a `Date` or a `Map` inside an event would silently become something else.
 */
const noExtensions: ExtensionCodecType<undefined> = {
  tryToEncode(value) {
    if (value instanceof Date || value instanceof Map || value instanceof Set) {
      throw new TypeError(`cannot encode a ${value.constructor.name}: use plain data`);
    }
    return null;
  },
  decode() {
    throw new MalformedBytesError('extension types are not allowed');
  },
};
const encodeOptions = { extensionCodec: noExtensions, ignoreUndefined: true, useBigInt64: false };
const plainEncoder = new Encoder(encodeOptions);
const canonicalEncoder = new Encoder({ ...encodeOptions, sortKeys: true });
const decoder = new Decoder({ extensionCodec: noExtensions, useBigInt64: false });

/** Encodes plain data. Keys keep their order, `undefined` fields are left out. */
export function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return plainEncoder.encode(value);
}

/** Encodes with sorted keys: equal data gives equal bytes. For digests and comparison. */
export function encodeCanonical(value: unknown): Uint8Array<ArrayBuffer> {
  return canonicalEncoder.encode(value);
}

/**
 * Decodes exactly one value of at most `bytesMax` bytes. The bytes are copied first when they are a
 * view of something larger, so binary fields never share memory with a socket's buffer.
 *
 * @throws MalformedBytesError for anything that is not one whole, plain msgpack value.
 */
export function decode(bytes: Uint8Array, bytesMax: number): unknown {
  if (bytes.byteLength > bytesMax) {
    throw new MalformedBytesError(`${bytes.byteLength} bytes, at most ${bytesMax} are allowed`);
  }
  const own = ownBytes(bytes);
  assertMsgpackShape(own);
  try {
    return decoder.decode(own);
  } catch (cause) {
    if (cause instanceof MalformedBytesError) throw cause;
    throw new MalformedBytesError(cause instanceof Error ? cause.message : String(cause), {
      cause,
    });
  }
}

function ownBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength === bytes.buffer.byteLength) return bytes;
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(bytes);
  return copy;
}

/**
 * A list whose items are encoded when they arrive, so that a block knows its size in bytes while it
 * gathers and encodes each event once.
 */
export class PackedList {
  #bytes = new Uint8Array(16 * 1024);
  #byteLength = 0;
  #count = 0;

  get byteLength(): number {
    return this.#byteLength;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Adds all values or, if the items would then be longer than `bytesMax`, none of them.
   * @returns whether they were added.
   */
  addAll(values: readonly unknown[], bytesMax: number): boolean {
    const startedAt = this.#byteLength;
    for (const value of values) {
      const item = plainEncoder.encodeSharedRef(value);
      const end = this.#byteLength + item.byteLength;
      if (end > bytesMax) {
        this.#byteLength = startedAt;
        return false;
      }
      if (end > this.#bytes.byteLength) this.#grow(end);
      this.#bytes.set(item, this.#byteLength);
      this.#byteLength = end;
    }
    this.#count += values.length;
    return true;
  }

  #grow(byteLength: number): void {
    const larger = new Uint8Array(Math.max(byteLength, this.#bytes.byteLength * 2));
    larger.set(this.#bytes.subarray(0, this.#byteLength));
    this.#bytes = larger;
  }

  /** The items behind each other, without the array header; valid until the next `addAll`. */
  get items(): Uint8Array {
    return this.#bytes.subarray(0, this.#byteLength);
  }
}

/**
 * The map `{...fields, [listKey]: [...list]}`, the list last and not encoded a second time.
 * Byte for byte what `encode` gives for the same map.
 */
export function encodeWithList(
  fields: Readonly<Record<string, unknown>>,
  listKey: string,
  list: PackedList,
): Uint8Array<ArrayBuffer> {
  const mapWithEmptyList = plainEncoder.encodeSharedRef({ ...fields, [listKey]: [] });
  const prefixLength = mapWithEmptyList.byteLength - 1;
  const header = arrayHeader(list.count);
  const whole = new Uint8Array(prefixLength + header.byteLength + list.byteLength);
  whole.set(mapWithEmptyList.subarray(0, prefixLength));
  whole.set(header, prefixLength);
  whole.set(list.items, prefixLength + header.byteLength);
  return whole;
}

function arrayHeader(count: number): Uint8Array {
  if (count < 16) return Uint8Array.of(0x90 | count);
  if (count < 0x1_0000) return Uint8Array.of(0xdc, count >> 8, count & 0xff);
  throw new RangeError(`a packed list holds at most 65535 items, not ${count}`);
}
