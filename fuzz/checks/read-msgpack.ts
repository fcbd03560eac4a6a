import { MSGPACK_DEPTH_MAX } from '../../events/msgpack-shape.ts';

/** Not one whole value of plain data. */
export class NotPlain extends Error {
  override readonly name = 'NotPlain';
}

/** Text in which something is no character: it cannot be compared. */
export const UNCLEAR: unique symbol = Symbol('unclear text');

/**
 * A second reader of msgpack, slow and plain, written from the specification for comparison with the
 * codec: one whole value, text in UTF-8 (lone surrogates are borne, as encoders of JavaScript write
 * them), keys text or numbers and never `__proto__`, no extensions, a limit of depth.
 * @throws NotPlain
 */
export function readMsgpack(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (!reader.isAtEnd) throw new NotPlain('more bytes');
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(depth: number): unknown {
    const head = this.#uint(1);
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 15, depth);
    if (head < 0xa0) return this.#list(head & 15, depth);
    if (head < 0xc0) return this.#text(head & 31);
    if (head >= 0xe0) return head - 256;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return Uint8Array.from(this.#take(this.#uint(1 << (head - 0xc4))));
      case 0xca:
        return this.#read(4, (at) => this.#view.getFloat32(at));
      case 0xcb:
        return this.#read(8, (at) => this.#view.getFloat64(at));
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return Number(this.#wide(1 << (head - 0xcc), false));
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return Number(this.#wide(1 << (head - 0xd0), true));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#uint(1 << (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#uint(head === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(head === 0xde ? 2 : 4), depth);
      default:
        throw new NotPlain('a type that is none');
    }
  }

  #list(count: number, depth: number): unknown[] {
    this.#enter(depth);
    const list: unknown[] = [];
    for (let i = 0; i < count; i += 1) list.push(this.value(depth + 1));
    return list;
  }

  #map(count: number, depth: number): Map<unknown, unknown> {
    this.#enter(depth);
    const map = new Map<unknown, unknown>();
    for (let i = 0; i < count; i += 1) {
      const key = this.value(depth + 1);
      const isKey = typeof key === 'string' || typeof key === 'number' || key === UNCLEAR;
      if (!isKey || key === '__proto__') throw new NotPlain('a key that is none');
      map.set(typeof key === 'number' ? String(key) : key, this.value(depth + 1));
    }
    return map;
  }

  #enter(depth: number): void {
    if (depth >= MSGPACK_DEPTH_MAX) throw new NotPlain('too deep');
  }

  #text(length: number): unknown {
    const bytes = this.#take(length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      const text = Buffer.from(bytes).toString('latin1');
      // A surrogate in the form of a character: taken for one, what is left must be UTF-8.
      const rest = Buffer.from(text.replace(/\xed[\xa0-\xbf][\x80-\xbf]/g, '???'), 'latin1');
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(rest);
      } catch {
        throw new NotPlain('text that is none');
      }
      return UNCLEAR;
    }
  }

  #wide(width: number, isSigned: boolean): bigint {
    let value = 0n;
    for (const byte of this.#take(width)) value = (value << 8n) | BigInt(byte);
    return isSigned ? BigInt.asIntN(width * 8, value) : value;
  }

  #uint(width: number): number {
    return Number(this.#wide(width, false));
  }

  #read(width: number, read: (at: number) => number): number {
    const at = this.#at;
    this.#take(width);
    return read(at);
  }

  #take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new NotPlain('cut');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
