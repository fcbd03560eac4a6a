/** What falls due. In this order at the same instant. */
export const DUE_KINDS = ['thaw', 'fence', 'stop', 'close', 'claim', 'expire', 'wait'] as const;
export type DueKind = (typeof DUE_KINDS)[number];

/** Something that the writer records when its time has come, unless the state has moved on. */
export interface Due {
  readonly atMs: number;
  readonly kind: DueKind;
  readonly team: string;
  /** Allocation, waiting request, path, or path and freeze or stop, by kind. */
  readonly id: string;
}

function compareDue(a: Due, b: Due): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  if (a.kind !== b.kind) return DUE_KINDS.indexOf(a.kind) - DUE_KINDS.indexOf(b.kind);
  if (a.team !== b.team) return a.team < b.team ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/**
 * All deadlines of a shard in order of (due, kind, team, id): a binary heap. Entries are not
 * taken out when they lose their meaning; whoever takes one checks it against the state.
 */
export class TimerHeap {
  #heap: Due[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest deadline, or Infinity. */
  get nextAtMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  add(due: Due): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(due);
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      const above = heap[parent] as Due;
      if (compareDue(above, due) <= 0) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = due;
  }

  /** Takes out the earliest entry that is due at `nowMs`, if any. */
  takeDue(nowMs: number): Due | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    const last = heap.pop() as Due;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  /** Drops entries that have lost their meaning. */
  compact(isLive: (due: Due) => boolean): void {
    const kept = this.#heap.filter(isLive);
    this.#heap = [];
    for (const due of kept.sort(compareDue)) this.#heap.push(due);
  }

  #sink(due: Due): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && compareDue(heap[right] as Due, heap[child] as Due) < 0)
        child = right;
      if (compareDue(heap[child] as Due, due) >= 0) break;
      heap[index] = heap[child] as Due;
      index = child;
    }
    heap[index] = due;
  }
}
