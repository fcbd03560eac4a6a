import type { Chance } from '../chance.ts';
import { Entries, Literal, type Tree } from './tree.ts';

/**
 * A tree in msgpack, in forms that our encoder does not write: numbers and headers longer than they
 * need be, whole numbers as floats, keys that are no strings.
 * @param oddity one in so many values is written in an odd form; 0: none
 */
export function writeMsgpack(tree: Tree, chance: Chance, oddity = 0): Uint8Array {
  const writer = new Writer(chance, oddity);
  writer.write(tree);
  return writer.bytes();
}

class Writer {
  readonly #parts: Uint8Array[] = [];
  readonly #chance: Chance;
  readonly #oddity: number;

  constructor(chance: Chance, oddity: number) {
    this.#chance = chance;
    this.#oddity = oddity;
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts));
  }

  write(tree: Tree): void {
    if (tree instanceof Literal) this.#parts.push(tree.msgpack);
    else if (tree instanceof Entries) this.#map(tree);
    else if (Array.isArray(tree)) this.#list(tree);
    else if (tree instanceof Uint8Array) this.#binary(tree);
    else if (typeof tree === 'string') this.#text(tree);
    else if (typeof tree === 'number') this.#number(tree);
    else if (typeof tree === 'bigint') this.#wide(tree);
    else if (typeof tree === 'boolean') this.#parts.push(Uint8Array.of(tree ? 0xc3 : 0xc2));
    else this.#parts.push(Uint8Array.of(0xc0));
  }

  #map({ list }: Entries): void {
    this.#header(list.length, 0x80, 15, [undefined, 0xde, 0xdf]);
    for (const [key, value] of list) {
      this.write(key);
      this.write(value);
    }
  }

  #list(list: readonly Tree[]): void {
    this.#header(list.length, 0x90, 15, [undefined, 0xdc, 0xdd]);
    for (const item of list) this.write(item);
  }

  #text(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    this.#header(bytes.length, 0xa0, 31, [0xd9, 0xda, 0xdb]);
    this.#parts.push(bytes);
  }

  #binary(bytes: Uint8Array): void {
    this.#header(bytes.length, undefined, -1, [0xc4, 0xc5, 0xc6]);
    this.#parts.push(bytes);
  }

  /** The shortest header that holds the count, or a longer one. */
  #header(
    count: number,
    short: number | undefined,
    shortMax: number,
    heads: readonly (number | undefined)[],
  ): void {
    if (short !== undefined && count <= shortMax && !this.#isOdd) {
      this.#parts.push(Uint8Array.of(short | count));
      return;
    }
    const widths = [1, 2, 4].filter((bytes, i) => heads[i] !== undefined && count < 256 ** bytes);
    const width = this.#isOdd ? this.#chance.pick(widths) : (widths[0] as number);
    const head = heads[width === 4 ? 2 : width - 1] as number;
    this.#parts.push(Uint8Array.of(head), bigEndian(BigInt(count), width));
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0) || this.#isOdd) {
      const isSingle = this.#isOdd && this.#oddity > 0 && Math.fround(value) === value;
      const view = new DataView(new ArrayBuffer(isSingle ? 5 : 9));
      view.setUint8(0, isSingle ? 0xca : 0xcb);
      if (isSingle) view.setFloat32(1, value);
      else view.setFloat64(1, value);
      this.#parts.push(new Uint8Array(view.buffer));
    } else if (value >= 0 && value < 128) this.#parts.push(Uint8Array.of(value));
    else if (value < 0 && value >= -32) this.#parts.push(Uint8Array.of(value & 0xff));
    else this.#wide(BigInt(value));
  }

  #wide(value: bigint): void {
    const head = value < 0n ? 0xd3 : 0xcf;
    this.#parts.push(Uint8Array.of(head), bigEndian(BigInt.asUintN(64, value), 8));
  }

  get #isOdd(): boolean {
    return this.#oddity > 0 && this.#chance.oneIn(this.#oddity);
  }
}

function bigEndian(value: bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  let rest = value;
  for (let at = width - 1; at >= 0; at -= 1) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}
