/**
 * A binary heap whose first item is the smallest. The order may lean on what changes in an item,
 * as long as only the first one changes and `firstChanged` is called for it.
 */
export class Heap<Item> {
  readonly #items: Item[];
  readonly #isBefore: (a: Item, b: Item) => boolean;

  /** Takes O(n). @param isBefore a strict total order */
  constructor(items: Iterable<Item>, isBefore: (a: Item, b: Item) => boolean) {
    this.#items = [...items];
    this.#isBefore = isBefore;
    this.#restore();
  }

  /** The smallest item, or undefined of an empty heap. */
  get first(): Item | undefined {
    return this.#items[0];
  }

  /** In no order that means anything. */
  items(): readonly Item[] {
    return this.#items;
  }

  /** O(log n). */
  firstChanged(): void {
    if (this.#items.length > 0) this.#sink(0);
  }

  /** O(log n). */
  removeFirst(): void {
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return;
    this.#items[0] = last;
    this.#sink(0);
  }

  /** Puts other items in place of all, in O(n). */
  replace(items: Iterable<Item>): void {
    const others = [...items];
    this.#items.length = 0;
    for (const item of others) this.#items.push(item);
    this.#restore();
  }

  #restore(): void {
    for (let place = (this.#items.length >>> 1) - 1; place >= 0; place -= 1) this.#sink(place);
  }

  #sink(from: number): void {
    const items = this.#items;
    const item = items[from] as Item;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= items.length) break;
      const right = child + 1;
      if (right < items.length && this.#isBefore(items[right] as Item, items[child] as Item)) {
        child = right;
      }
      if (!this.#isBefore(items[child] as Item, item)) break;
      items[place] = items[child] as Item;
      place = child;
    }
    items[place] = item;
  }
}
