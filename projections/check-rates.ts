type Amounts = Readonly<Record<string, number>>;
type Per = { readonly ms: number; readonly by: 'sliding' | 'bucket'; readonly burst?: number };
type Grant = { readonly atMs: number; readonly asked: number; amount: number };
/** A rate of one node. A window looks at its grants, a bucket at what is owed, times `ms`. */
type Rate = { limit: number; per: Per; grants: Grant[]; owed: bigint; atMs: number };

/** Recomputes rates from the words of events, for check-log.ts; shares nothing with the actors. */
export class RateCheck {
  readonly #rates = new Map<string, Rate>();
  /** What live allocations have counted, where. */
  readonly #open = new Map<string, [rate: Rate, resource: string, grant: Grant][]>();

  /** @returns where an event exceeds a rate */
  // biome-ignore lint/suspicious/noExplicitAny: events are read without their schemas
  take({ type, team, path, ask, limits, rates, atMs, ...event }: any): string[] {
    const key = `${team} ${event.allocation ?? event.id}`;
    for (const resource in limits) {
      const { per, limit = null } = limits[resource];
      if (per) this.#meter(path, resource, limit, per, atMs);
    }
    if (type === 'NodeClosed') this.#close(path);
    if (type === 'AllocationEnded') this.#end(key, rates ?? {}, atMs);
    return type === 'AllocationGranted' && rates ? this.#grant(key, ask.path, rates, atMs) : [];
  }

  /** A limit per time is set on a node, or taken away. */
  #meter(path: string, resource: string, limit: number | null, per: Per, atMs: number): void {
    const key = `${path} ${resource}`;
    const before = this.#rates.get(key);
    const isSame =
      before !== undefined && JSON.stringify(order(before.per)) === JSON.stringify(order(per));
    if (limit === null) this.#rates.delete(key);
    else if (isSame) {
      flow(before, atMs);
      const more = BigInt((per.burst ?? limit) - (per.burst ?? before.limit)) * BigInt(per.ms);
      before.owed = before.owed + more > 0n ? before.owed + more : 0n;
      before.limit = limit;
    } else this.#rates.set(key, { limit, per, grants: [], owed: 0n, atMs });
  }

  /** Counts a grant on every tier of its path. */
  #grant(id: string, path: string, rates: Amounts, atMs: number): string[] {
    const faults: string[] = [];
    const counted: [Rate, string, Grant][] = [];
    this.#open.set(id, counted);
    for (const [resource, amount] of Object.entries(rates)) {
      for (const [at, rate] of this.#on(path, resource)) {
        const room = roomOf(rate, atMs);
        if (amount > room)
          faults.push(`${at} had ${room} ${resource} left, ${amount} were granted`);
        const grant = { atMs, asked: amount, amount };
        counted.push([rate, resource, grant]);
        if (rate.per.by === 'sliding') rate.grants.push(grant);
        rate.owed += BigInt(amount) * BigInt(rate.per.ms);
      }
    }
    return faults;
  }

  /** An allocation ends; what it really used may be stated. */
  #end(id: string, actual: Amounts, atMs: number): void {
    for (const [rate, resource, grant] of this.#open.get(id) ?? []) {
      const stated = actual[resource];
      if (stated === undefined || grant.asked === 0) continue;
      flow(rate, atMs);
      const most = Math.max(grant.asked, rate.per.burst ?? rate.limit);
      const change = Math.min(stated, most) - grant.asked;
      grant.amount += change;
      const owed = rate.owed + BigInt(change) * BigInt(rate.per.ms);
      rate.owed = owed > 0n ? owed : 0n;
    }
    this.#open.delete(id);
  }

  /** What a rate has left at an instant; undefined where the node limits none. */
  room(path: string, resource: string, atMs: number): number | undefined {
    const rate = this.#rates.get(`${path} ${resource}`);
    return rate === undefined ? undefined : Math.max(0, roomOf(rate, atMs));
  }

  /** A node has closed, with all beneath it. */
  #close(path: string): void {
    for (const key of this.#rates.keys()) {
      if (key.startsWith(`${path} `) || key.startsWith(`${path}/`)) this.#rates.delete(key);
    }
  }

  *#on(path: string, resource: string): Generator<[string, Rate]> {
    for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
      const rate = this.#rates.get(`${at} ${resource}`);
      if (rate !== undefined) yield [at, rate];
    }
  }
}

const order = ({ ms, by, burst }: Per) => [ms, by, burst ?? null];

/** Time gives back: what has left the window is forgotten, the bucket owes less. */
function flow(rate: Rate, atMs: number): void {
  const back = BigInt(atMs - rate.atMs) * BigInt(rate.limit);
  rate.owed = rate.owed > back ? rate.owed - back : 0n;
  rate.atMs = atMs;
  rate.grants = rate.grants.filter((one) => atMs - one.atMs < rate.per.ms);
}

function roomOf(rate: Rate, atMs: number): number {
  flow(rate, atMs);
  if (rate.per.by === 'bucket') {
    const full = BigInt(rate.per.burst ?? rate.limit) * BigInt(rate.per.ms);
    return Number((full - rate.owed) / BigInt(rate.per.ms));
  }
  let used = 0;
  for (const { amount } of rate.grants) used += amount;
  return rate.limit - used;
}
