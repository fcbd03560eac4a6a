/**
 * Items in order, sorted only as far as they are asked for: a binary heap, O(n + k log n) for the
 * first k of n. `isBefore` must be a strict total order.
 */
export function* cheapestFirst<Item>(
  items: readonly Item[],
  isBefore: (a: Item, b: Item) => boolean,
): Generator<Item> {
  const heap = [...items];
  for (let place = heap.length >>> 1; place >= 0; place -= 1) sink(heap, place, isBefore);
  for (let first = heap[0]; first !== undefined; first = heap[0]) {
    yield first;
    const last = heap.pop() as Item;
    if (heap.length === 0) return;
    heap[0] = last;
    sink(heap, 0, isBefore);
  }
}

function sink<Item>(heap: Item[], from: number, isBefore: (a: Item, b: Item) => boolean): void {
  const item = heap[from] as Item;
  let place = from;
  for (;;) {
    let child = 2 * place + 1;
    if (child >= heap.length) break;
    const right = child + 1;
    if (right < heap.length && isBefore(heap[right] as Item, heap[child] as Item)) child = right;
    if (!isBefore(heap[child] as Item, item)) break;
    heap[place] = heap[child] as Item;
    place = child;
  }
  heap[place] = item;
}
