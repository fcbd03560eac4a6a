// Recomputes what Bursar promises from an exported log, sharing nothing with the rest but the codec.
//   node --import tsx projections/check-log.ts FILE      one line of JSON; exit code 1 for a fault
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { decode } from '../events/codec.ts';
import {
  type Account,
  type Amounts,
  before,
  blankAccount,
  parentOf,
  plus,
  restart,
  setBase,
  share,
} from './check-accounts.ts';
import { RateCheck } from './check-rates.ts';
import { StopCheck } from './check-stops.ts';

/**
 * 1. No admitted hold or reservation exceeds a limit on any tier: own sums + Σ over children of
 *    max(guarantee less what it lends, committed); what is drawn was reserved and is no more.
 * 2. What a denial calls free was free. 3. Holds and bookings add up through every closed node and
 *    every window that has ended. 4. Beneath a stop nothing that it stops is admitted.
 * Give it every line of an export, then call `end`. Whether the log is genuine, ask `audit verify`.
 */
export class LogCheck {
  readonly #counts = { blocks: 0, events: 0, limitsChecked: 0 };
  readonly #found = { spentByTier: [] as Amounts[], faults: [] as string[] };
  readonly #accounts = new Map<string, Account>();
  readonly #resources = new Set<string>();
  readonly #rates = new RateCheck();
  readonly #stops = new StopCheck();
  readonly #holds = new Map<string, { path: string; amounts: Amounts }>();
  /** By allocation, the reservation that it has drawn from. */
  readonly #drawn = new Map<string, string>();
  #at = '';

  take(line: string): void {
    const { kind, shard, seq, data } = JSON.parse(line);
    if (kind !== 'block') return;
    const { body } = decode(Buffer.from(data, 'base64'), 2 ** 20) as { body: Uint8Array };
    const { events } = decode(body, 2 ** 20) as { events: { type: string }[] };
    this.#counts.blocks += 1;
    for (const [index, event] of events.entries()) {
      this.#at = `${shard}/${seq}.${index} ${event.type}`;
      this.#counts.events += 1;
      this.#apply(event);
      for (const fault of [...this.#rates.take(event), ...this.#stops.take(event)]) {
        this.#found.faults.push(`${this.#at}: ${fault}`);
      }
    }
  }

  end() {
    for (const [key, { children, own, carried, total, committed }] of this.#accounts) {
      let [below, setAside] = [own, own + carried];
      for (const child of children) {
        below += child.total - before(child);
        setAside += share(child);
      }
      if (below === total && setAside === committed) continue;
      this.#found.faults.push(`${key}: ${below} and ${setAside}, not ${total} and ${committed}`);
    }
    return { ok: this.#found.faults.length === 0, ...this.#counts, ...this.#found };
  }

  // biome-ignore lint/suspicious/noExplicitAny: events are read without their schemas
  #apply({ type, team, path, ask, limits, items, earmarked, amounts, ...event }: any): void {
    const key = `${team} ${event.allocation ?? event.request ?? event.id}`;
    const claim = `${key} collects`;
    const on = path ?? this.#holds.get(key)?.path ?? team;
    const collected = this.#holds.get(claim)?.amounts;
    if (collected && !earmarked && type !== 'RequestMoved') this.#hold(claim, team, {});
    const booking = `${team} reserved ${event.reservation ?? this.#drawn.get(key)}`;
    for (const { path: at, resource, available } of event.short ?? []) {
      if (event.reason === 'reservation_short') continue;
      if (this.#rates.room(at, resource, event.atMs) === available) continue;
      const { limit, committed } = this.#account(at, resource);
      if (limit !== null && Math.max(0, limit - committed) === available) continue;
      this.#found.faults.push(`${this.#at}: ${at} had other than ${available} ${resource} free`);
    }
    for (const resource in limits) {
      if (limits[resource].per) continue;
      this.#change(on, resource, 0, false, limits[resource]);
      const account = this.#account(on, resource);
      account.sinceMs = event.windows?.[resource]?.startsAtMs ?? account.sinceMs;
      if (limits[resource].limit !== undefined) setBase(account, limits[resource].limit);
    }
    for (const resource in type === 'ToppedUp' && !event.grant ? amounts : {}) {
      setBase(this.#account(on, resource), this.#account(on, resource).base + amounts[resource]);
    }
    if (type === 'WindowOpened') this.#restart(on, event);
    if (type === 'GrantsCounted') this.#count(on, event);
    if (type === 'Transferred') this.#transfer(event.from, event.to, amounts, event.guarantees);
    for (const { resource, shares } of event.divisions ?? []) {
      for (const { child, is, lend } of shares) {
        const { path: at, granted } = this.#account(`${path}/${child}`, resource);
        const set = event.sets === 'limit' ? { limit: is - granted } : { guarantee: is };
        const terms = { [resource]: lend === null ? { ...set, lend } : set };
        this.#apply({ type: 'LimitsSet', team, path: at, limits: terms });
      }
    }
    if (type === 'Reserved') this.#hold(booking, path, items);
    if (type === 'ReservationEnded') this.#hold(booking, '', {});
    if (type === 'ReserveChanged') this.#keep(path, event.resource, event.left, true);
    for (const [resource, amount] of Object.entries<number>(event.reserve?.drawn ?? {})) {
      const keep = this.#kept(event.reserve.path, resource);
      if (amount > keep) this.#found.faults.push(`${this.#at}: ${amount} of ${keep} is drawn`);
      this.#keep(event.reserve.path, resource, keep - amount, false);
    }
    if (event.drawn) this.#draw(key, event.reservation, booking, event.drawn);
    if (event.toReservation) this.#giveBack(key, booking, event.toReservation);
    if (items && type !== 'Reserved')
      this.#hold(
        key,
        ask?.path,
        { ...this.#holds.get(key)?.amounts, ...items },
        event.drawn ?? drawn(event.reserve),
      );
    if (earmarked) this.#hold(claim, ask?.path, plus(collected, earmarked));
    if (type === 'AllocationEnded') this.#hold(key, on, {});
    const booked = event.booked ?? event.more ?? (type === 'Charged' ? amounts : {});
    const less = type === 'LateSettled' ? event.returned : event.less;
    const parts = [...(event.earlier ?? [])];
    for (const { usedAtMs, amounts: back } of event.earlierReturned ?? []) {
      parts.push({ usedAtMs, amounts: plus({}, back, -1) });
    }
    this.#book(on, plus(booked, less, -1), parts);
    if (type === 'NodeClosed' || event.closesStep) this.#close(on);
  }

  /** Sets what somebody holds or collects; growth is admission, but for what was reserved. */
  #hold(key: string, path: string, amounts: Amounts, reserved: Amounts = {}): void {
    const before = this.#holds.get(key) ?? { path, amounts: {} };
    for (const [resource, change] of Object.entries(plus(amounts, before.amounts, -1))) {
      this.#change(before.path, resource, change, change > (reserved[resource] ?? 0));
    }
    this.#holds.set(key, { path: before.path, amounts });
  }

  /** Sets what a swarm keeps for emergencies: an own sum; filling it is admission. */
  #keep(path: string, resource: string, amount: number, isAdmission: boolean): void {
    const key = `keeps ${path} ${resource}`;
    const change = amount - this.#kept(path, resource);
    this.#change(path, resource, change, isAdmission && change > 0);
    this.#holds.set(key, { path, amounts: { [resource]: amount } });
  }

  #kept(path: string, resource: string): number {
    return this.#holds.get(`keeps ${path} ${resource}`)?.amounts[resource] ?? 0;
  }

  /** What is drawn leaves the reservation and is held by the grant, which admits it no more. */
  #draw(key: string, id: string, booking: string, drawn: Amounts): void {
    const left = plus(this.#holds.get(booking)?.amounts, drawn, -1);
    const isMore = Object.values(left).some((amount) => amount < 0);
    if (isMore) this.#found.faults.push(`${this.#at}: more is drawn than ${id} has left`);
    this.#hold(booking, '', left);
    this.#drawn.set(key, id);
  }

  #giveBack(key: string, booking: string, back: Amounts): void {
    const held = this.#holds.get(key);
    // First the allocation, so that nothing seems to be admitted in between.
    if (held) this.#hold(key, '', plus(held.amounts, back, -1));
    this.#hold(booking, '', plus(this.#holds.get(booking)?.amounts, back), back);
  }

  #transfer(from: string, to: string, amounts: Amounts, guarantees: Amounts): void {
    for (const resource in amounts) {
      const [giver, taker] = [this.#account(from, resource), this.#account(to, resource)];
      const [amount, moved] = [amounts[resource] ?? 0, guarantees[resource] ?? 0];
      const lend = moved > 0 && taker.guarantee === 0 ? giver.lend : taker.lend;
      this.#change(from, resource, 0, false, { guarantee: giver.guarantee - moved });
      setBase(giver, (giver.base ?? 0) - amount);
      this.#change(to, resource, 0, false, { guarantee: taker.guarantee + moved, lend });
      setBase(taker, (taker.base ?? 0) + amount);
    }
  }

  /** What was used before is booked part by part, the rest now. */
  #book(path: string, amounts: Amounts, parts: { usedAtMs: number; amounts: Amounts }[]): void {
    let now = amounts;
    for (const { usedAtMs, amounts: part } of parts) {
      now = plus(now, part, -1);
      for (const resource in part) this.#bookAt(path, resource, part[resource] ?? 0, usedAtMs);
    }
    for (const resource in now) {
      this.#change(path, resource, now[resource] ?? 0);
      this.#account(path, resource).spent += now[resource] ?? 0;
    }
    for (const depth of path.split('/').keys()) {
      this.#found.spentByTier[depth] = plus(this.#found.spentByTier[depth], amounts);
    }
  }

  /** In each run of windows that had begun then, it is own use of the lowest tier. */
  #bookAt(path: string, resource: string, amount: number, usedAtMs: number): void {
    let [growth, isBelow] = [0, false];
    for (let on = path; on !== ''; on = parentOf(on)) {
      const tier = this.#account(on, resource);
      const isCounted = usedAtMs >= this.#sinceMs(on, resource);
      const own = isCounted && !isBelow ? amount : 0;
      const shared = share(tier);
      tier.own += own;
      tier.spent += own;
      tier.committed += growth + own;
      if (isCounted) tier.total += amount;
      const isEdge = isCounted && tier.sinceMs !== null && parentOf(on) !== '';
      if (isEdge && usedAtMs < this.#sinceMs(parentOf(on), resource)) tier.uncounted += amount;
      growth = share(tier) - shared;
      isBelow = isCounted;
    }
  }

  #sinceMs(path: string, resource: string): number {
    for (let on = path; on !== ''; on = parentOf(on)) {
      const { sinceMs } = this.#account(on, resource);
      if (sinceMs !== null) return sinceMs;
    }
    return 0;
  }

  /** A window ends: its use is the tier above's own, and nothing of the next one. */
  #restart(
    path: string,
    event: { resource: string; span: { startsAtMs: number }; spent: number; carried?: number },
  ): void {
    const { resource, span, carried = 0 } = event;
    const account = this.#account(path, resource);
    const shared = share(account);
    const earlier = before(account);
    const spent = restart(account);
    if (spent !== event.spent) this.#found.faults.push(`${this.#at}: ${spent} were spent in it`);
    account.sinceMs = span.startsAtMs;
    account.committed += carried - account.carried;
    account.carried = carried;
    account.uncounted = carried;
    if (parentOf(path) === '') return;
    const above = this.#account(parentOf(path), resource);
    above.own += spent - earlier;
    above.spent += spent - earlier;
    this.#raise(above.path, resource, spent - earlier + share(account) - shared);
  }

  /** What grants add to a limit, and what is left of debt. */
  #count(path: string, event: { resource: string; change: number; carried?: number }): void {
    const account = this.#account(path, event.resource);
    account.granted += event.change;
    setBase(account, account.base);
    const change = (event.carried ?? account.carried) - account.carried;
    account.carried += change;
    account.uncounted += change;
    account.committed += change;
  }

  #raise(path: string, resource: string, change: number): void {
    let growth = change;
    for (let on = path; on !== ''; on = parentOf(on)) {
      const tier = this.#account(on, resource);
      const shared = share(tier);
      tier.committed += growth;
      growth = share(tier) - shared;
    }
  }

  /** Changes what is a node's own; each tier above takes what the one below sets aside more. */
  #change(path: string, resource: string, own: number, isAdmission = false, set = {}): void {
    let growth = own;
    for (let on = path; on !== ''; on = parentOf(on)) {
      const tier = this.#account(on, resource);
      const shared = share(tier);
      if (on === path) Object.assign(tier, set, { own: tier.own + own });
      tier.total += own;
      tier.committed += growth;
      const isChecked = isAdmission && growth > 0 && tier.limit !== null;
      const over = isChecked ? tier.committed - (tier.limit ?? 0) : 0;
      if (isChecked) this.#counts.limitsChecked += 1;
      if (over > 0) this.#found.faults.push(`${this.#at}: ${on} admits ${over} ${resource} above`);
      growth = share(tier) - shared;
    }
  }

  /** What a closed node and all beneath it has spent becomes its parent's own. */
  #close(path: string): void {
    for (const resource of this.#resources) {
      this.#keep(path, resource, 0, false);
      const account = this.#account(path, resource);
      for (const child of account.children) this.#close(child.path);
      this.#change(path, resource, 0, false, { guarantee: 0 });
      const counted = account.own - before(account);
      this.#accounts.delete(`${path} ${resource}`);
      if (parentOf(path) === '') continue;
      const parent = this.#account(parentOf(path), resource);
      parent.children.delete(account);
      parent.own += counted;
      parent.spent += counted;
    }
  }

  #account(path: string, resource: string): Account {
    const key = `${path} ${resource}`;
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const account = blankAccount(path);
    this.#accounts.set(key, account);
    this.#resources.add(resource);
    if (parentOf(path) !== '') this.#account(parentOf(path), resource).children.add(account);
    return account;
  }
}

/** Of what comes out of a reserve the swarm admits nothing: it was set aside before. */
const drawn = (reserve?: { drawn: Amounts }): Amounts =>
  Object.fromEntries(Object.keys(reserve?.drawn ?? {}).map((name) => [name, Infinity]));
if (process.argv[1] === import.meta.filename) {
  const check = new LogCheck();
  const lines = createInterface({ input: createReadStream(process.argv[2] ?? '') });
  for await (const line of lines) check.take(line);
  const result = check.end();
  console.log(JSON.stringify(result));
  process.exitCode = result.ok ? 0 : 1;
}
