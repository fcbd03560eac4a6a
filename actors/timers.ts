/** What falls due, and in which order at the same instant. */
const RANK = {
  window: -2,
  grant: -1,
  thaw: 0,
  breaker: 0.5,
  fence: 1,
  stop: 2,
  deadline: 3,
  close: 4,
  claim: 5,
  expire: 6,
  // Who can be served at an instant does not time out at it.
  rate: 7,
  reservation: 8,
  wait: 9,
  approval: 10,
  level: 11,
  rebalance: 12,
  recovery: 13,
  // Whatever ends by itself at an instant need not be taken then.
  shed: 14,
  // Who leaves the queue at an instant is not told of at it.
  queueAge: 15,
} as const;
export type DueKind = keyof typeof RANK;

/** Something that the writer records when its time has come, unless the state has moved on. */
export interface Due {
  readonly atMs: number;
  readonly kind: DueKind;
  readonly team: string;
  /** Allocation, waiting request, path, or path and freeze, stop or resource, by kind. */
  readonly id: string;
}

/** A deadline in the heap: knows its place, so that it can be taken out before its time. */
export interface Timer extends Due {
  /** Index in the heap; -1 when it is not in it. */
  place: number;
}

function isBefore(a: Due, b: Due): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.kind !== b.kind) return RANK[a.kind] < RANK[b.kind];
  if (a.team !== b.team) return a.team < b.team;
  return a.id < b.id;
}

/**
 * All deadlines of a shard in order of (due, kind, team, id): a binary heap. Leases and queue
 * time-outs are taken out when they lose their meaning, since they come by the thousand; whoever
 * takes another kind checks it against the state.
 */
export class TimerHeap {
  readonly #heap: Timer[] = [];
  readonly #counts: Record<DueKind, number> = {
    window: 0,
    grant: 0,
    thaw: 0,
    breaker: 0,
    fence: 0,
    stop: 0,
    deadline: 0,
    close: 0,
    claim: 0,
    expire: 0,
    reservation: 0,
    wait: 0,
    approval: 0,
    rate: 0,
    level: 0,
    rebalance: 0,
    recovery: 0,
    shed: 0,
    queueAge: 0,
  };

  get size(): number {
    return this.#heap.length;
  }

  /** How many deadlines of one kind there are. */
  countOf(kind: DueKind): number {
    return this.#counts[kind];
  }

  /** The earliest deadline, or Infinity. */
  get nextAtMs(): number {
    return this.#heap[0]?.atMs ?? Infinity;
  }

  add({ atMs, kind, team, id }: Due): Timer {
    const timer: Timer = { atMs, kind, team, id, place: this.#heap.length };
    this.#heap.push(timer);
    this.#counts[kind] += 1;
    this.#rise(timer);
    return timer;
  }

  /** Takes a deadline out, if it still is in. */
  remove(timer: Timer): void {
    const { place } = timer;
    if (place === -1) return;
    timer.place = -1;
    this.#counts[timer.kind] -= 1;
    const last = this.#heap.pop() as Timer;
    if (last === timer) return;
    this.#put(last, place);
    this.#sink(last);
    this.#rise(last);
  }

  /** Takes out the earliest entry that is due at `nowMs`, if any; of one team where it is named. */
  takeDue(nowMs: number, team?: string): Due | undefined {
    const found = team === undefined ? this.#heap[0] : this.#earliestOf(team, nowMs);
    if (found === undefined || found.atMs > nowMs) return undefined;
    this.remove(found);
    return found;
  }

  /** Looks through the due entries alone: they are a connected top of the heap. */
  #earliestOf(team: string, nowMs: number, place = 0): Timer | undefined {
    const here = this.#heap[place];
    if (here === undefined || here.atMs > nowMs) return undefined;
    if (here.team === team) return here;
    const left = this.#earliestOf(team, nowMs, 2 * place + 1);
    const right = this.#earliestOf(team, nowMs, 2 * place + 2);
    if (left === undefined || right === undefined) return left ?? right;
    return isBefore(left, right) ? left : right;
  }

  #put(timer: Timer, place: number): void {
    this.#heap[place] = timer;
    timer.place = place;
  }

  #rise(timer: Timer): void {
    while (timer.place > 0) {
      const above = this.#heap[(timer.place - 1) >>> 1] as Timer;
      if (!isBefore(timer, above)) return;
      const { place } = timer;
      this.#put(timer, above.place);
      this.#put(above, place);
    }
  }

  #sink(timer: Timer): void {
    const heap = this.#heap;
    for (;;) {
      const left = heap[2 * timer.place + 1];
      if (left === undefined) return;
      const right = heap[left.place + 1];
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(child, timer)) return;
      const { place } = timer;
      this.#put(timer, child.place);
      this.#put(child, place);
    }
  }
}
