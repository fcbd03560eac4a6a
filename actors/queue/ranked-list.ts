/** Most items of one chunk: moving half of it costs less than a comparison of keys. */
const CHUNK_MAX = 512;

/**
 * Items kept in an order of their own, with their places: chunks of at most 512, so that a place is
 * found and an item put in or taken out of n in O(log n) comparisons and O(√n) moves. 100,000 items
 * are some 300 chunks. The order must be strict and total, and the keys of an item must not change
 * while it is in: take it out, change it, put it back.
 */
export class RankedList<Item> {
  readonly #compare: (a: Item, b: Item) => number;
  #chunks: Item[][] = [];
  #size = 0;

  constructor(compare: (a: Item, b: Item) => number, items: Iterable<Item> = []) {
    this.#compare = compare;
    this.#fill([...items]);
  }

  get size(): number {
    return this.#size;
  }

  get first(): Item | undefined {
    return this.#chunks[0]?.[0];
  }

  add(item: Item): void {
    const at = Math.min(this.#chunkOf(item, this.#compare), this.#chunks.length - 1);
    const chunk = this.#chunks[at];
    this.#size += 1;
    if (chunk === undefined) {
      this.#chunks.push([item]);
      return;
    }
    chunk.splice(placeIn(chunk, item, this.#compare), 0, item);
    if (chunk.length > CHUNK_MAX) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK_MAX >>> 1));
  }

  /** Takes an item out; whether it was in. */
  remove(item: Item): boolean {
    const at = this.#chunkOf(item, this.#compare);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return false;
    const place = placeIn(chunk, item, this.#compare);
    if (chunk[place] !== item) return false;
    if (place === 0) chunk.shift();
    else chunk.splice(place, 1);
    this.#size -= 1;
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    return true;
  }

  /**
   * How many stand before one that need not be in.
   * @param compare of an item that is in with the one asked about, in the order of the list
   */
  countBefore<Other>(other: Other, compare: (a: Item, b: Other) => number): number {
    const at = this.#chunkOf(other, compare);
    let count = 0;
    for (let no = 0; no < at; no += 1) count += (this.#chunks[no] as Item[]).length;
    const chunk = this.#chunks[at];
    return chunk === undefined ? count : count + placeIn(chunk, other, compare);
  }

  /** The last that stands before one that need not be in. */
  lastBefore<Other>(other: Other, compare: (a: Item, b: Other) => number): Item | undefined {
    const at = this.#chunkOf(other, compare);
    const chunk = this.#chunks[at];
    const place = chunk === undefined ? 0 : placeIn(chunk, other, compare);
    return place > 0 ? chunk?.[place - 1] : this.#chunks[at - 1]?.at(-1);
  }

  /** All, in order. The list must not be changed meanwhile. */
  *[Symbol.iterator](): Generator<Item> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** Puts all in order anew after their keys have changed. */
  reorder(): void {
    this.#fill([...this]);
  }

  #fill(items: Item[]): void {
    items.sort(this.#compare);
    this.#size = items.length;
    this.#chunks = [];
    for (let from = 0; from < items.length; from += CHUNK_MAX >>> 1) {
      this.#chunks.push(items.slice(from, from + (CHUNK_MAX >>> 1)));
    }
  }

  /** The first chunk whose last item does not stand before one. */
  #chunkOf<Other>(other: Other, compare: (a: Item, b: Other) => number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.#chunks[middle] as Item[];
      if (compare(chunk[chunk.length - 1] as Item, other) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** How many of a chunk stand before one. */
function placeIn<Item, Other>(
  chunk: readonly Item[],
  other: Other,
  compare: (a: Item, b: Other) => number,
): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(chunk[middle] as Item, other) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
