import { type Placed, PlacedHeap } from './placed-heap.ts';

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
export interface Timer extends Due, Placed {}

function isBefore(a: Due, b: Due): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.kind !== b.kind) return RANK[a.kind] < RANK[b.kind];
  if (a.team !== b.team) return a.team < b.team;
  return a.id < b.id;
}

/** The deadlines of one team, in a heap of its own. */
interface TeamTimers extends Placed {
  readonly heap: PlacedHeap<Timer>;
}

function beginsBefore(a: TeamTimers, b: TeamTimers): boolean {
  return isBefore(a.heap.first as Timer, b.heap.first as Timer);
}

/**
 * All deadlines of a shard in order of (due, kind, team, id): a heap of the teams by what each of
 * them has first, so that one team's next is found however much is due of the others. Leases and
 * queue time-outs are taken out when they lose their meaning, since they come by the thousand;
 * whoever takes another kind checks it against the state.
 */
export class TimerHeap {
  /** None of them is empty. */
  readonly #teams = new PlacedHeap<TeamTimers>(beginsBefore);
  readonly #byName = new Map<string, TeamTimers>();
  #size = 0;
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
    return this.#size;
  }

  /** How many deadlines of one kind there are. */
  countOf(kind: DueKind): number {
    return this.#counts[kind];
  }

  /** The earliest deadline, or Infinity. */
  get nextAtMs(): number {
    return this.#teams.first?.heap.first?.atMs ?? Infinity;
  }

  add({ atMs, kind, team, id }: Due): Timer {
    const timer: Timer = { atMs, kind, team, id, place: -1 };
    this.#size += 1;
    this.#counts[kind] += 1;
    const known = this.#byName.get(team);
    if (known !== undefined) {
      known.heap.add(timer);
      if (timer.place === 0) this.#teams.moved(known);
      return timer;
    }
    const begun: TeamTimers = { heap: new PlacedHeap<Timer>(isBefore), place: -1 };
    begun.heap.add(timer);
    this.#byName.set(team, begun);
    this.#teams.add(begun);
    return timer;
  }

  /** Takes a deadline out, if it still is in. */
  remove(timer: Timer): void {
    const { place, kind, team } = timer;
    if (place === -1) return;
    this.#size -= 1;
    this.#counts[kind] -= 1;
    const ofTeam = this.#byName.get(team) as TeamTimers;
    // The heap of teams looks at what is first: a team leaves it before it has nothing.
    if (ofTeam.heap.size === 1) {
      this.#teams.remove(ofTeam);
      this.#byName.delete(team);
    }
    ofTeam.heap.remove(timer);
    if (place === 0 && ofTeam.place !== -1) this.#teams.moved(ofTeam);
  }

  /** Takes out the earliest entry that is due at `nowMs`, if any; of one team where it is named. */
  takeDue(nowMs: number, team?: string): Due | undefined {
    const from = team === undefined ? this.#teams.first : this.#byName.get(team);
    const found = from?.heap.first;
    if (found === undefined || found.atMs > nowMs) return undefined;
    this.remove(found);
    return found;
  }
}
