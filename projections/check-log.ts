// Recomputes what Bursar promises from an exported log, sharing nothing with the rest but the codec.
//   node --import tsx projections/check-log.ts FILE      one line of JSON; exit code 1 for a fault
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { decode } from '../events/codec.ts';

type Amounts = Record<string, number>;
type Sum = 'guarantee' | 'own' | 'committed' | 'total';
/** One resource of one node: `own` is held, collected and spent there, `total` also all beneath. */
type Account = Record<Sum, number> & { limit: number | null; lend: number | null } & {
  path: string;
  children: Set<Account>;
};

/**
 * 1. No admitted hold or reservation exceeds a limit on any tier: own sums + Σ over children of
 *    max(guarantee less what it lends, committed); what is drawn was reserved and is no more.
 * 2. What a denial calls free was free. 3. Holds and bookings add up through every closed node.
 * Give it every line of an export, then call `end`. Whether the log is genuine, ask `audit verify`.
 */
export class LogCheck {
  readonly #counts = { blocks: 0, events: 0, limitsChecked: 0 };
  readonly #found = { spentByTier: [] as Amounts[], faults: [] as string[] };
  readonly #accounts = new Map<string, Account>();
  readonly #resources = new Set<string>();
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
    }
  }

  end() {
    for (const [key, { children, own, total, committed }] of this.#accounts) {
      let [below, setAside] = [own, own];
      for (const child of children) {
        below += child.total;
        setAside += Math.max(kept(child), child.committed);
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
      const { limit, committed } = this.#account(at, resource);
      if (limit !== null && Math.max(0, limit - committed) === available) continue;
      this.#found.faults.push(`${this.#at}: ${at} had other than ${available} ${resource} free`);
    }
    for (const resource in limits) this.#change(on, resource, 0, false, limits[resource]);
    for (const resource in type === 'ToppedUp' ? amounts : {}) {
      const account = this.#account(on, resource);
      account.limit = (account.limit ?? 0) + amounts[resource];
    }
    if (type === 'Transferred') this.#transfer(event.from, event.to, amounts, event.guarantees);
    if (type === 'Reserved') this.#hold(booking, path, items);
    if (type === 'ReservationEnded') this.#hold(booking, '', {});
    if (event.drawn) this.#draw(key, event.reservation, booking, event.drawn);
    if (event.toReservation) this.#giveBack(key, booking, event.toReservation);
    if (items && type !== 'Reserved')
      this.#hold(key, ask?.path, { ...this.#holds.get(key)?.amounts, ...items }, event.drawn);
    if (earmarked) this.#hold(claim, ask?.path, plus(collected, earmarked));
    if (type === 'AllocationEnded') this.#hold(key, on, {});
    const booked = event.booked ?? event.more ?? (type === 'Charged' ? amounts : {});
    const less = type === 'LateSettled' ? event.returned : event.less;
    this.#book(on, plus(booked, less, -1));
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
      const less = { limit: (giver.limit ?? 0) - amount, guarantee: giver.guarantee - moved };
      this.#change(from, resource, 0, false, less);
      const more = { limit: (taker.limit ?? 0) + amount, guarantee: taker.guarantee + moved };
      this.#change(to, resource, 0, false, { ...more, lend });
    }
  }

  #book(path: string, amounts: Amounts): void {
    for (const resource in amounts) this.#change(path, resource, amounts[resource] ?? 0);
    for (const depth of path.split('/').keys()) {
      this.#found.spentByTier[depth] = plus(this.#found.spentByTier[depth], amounts);
    }
  }

  /** Changes what is a node's own; each tier above takes what the one below sets aside more. */
  #change(path: string, resource: string, own: number, isAdmission = false, set = {}): void {
    let growth = own;
    for (let on = path; on !== ''; on = parentOf(on)) {
      const tier = this.#account(on, resource);
      const before = Math.max(kept(tier), tier.committed);
      if (on === path) Object.assign(tier, set, { own: tier.own + own });
      tier.total += own;
      tier.committed += growth;
      const isChecked = isAdmission && growth > 0 && tier.limit !== null;
      const over = isChecked ? tier.committed - (tier.limit ?? 0) : 0;
      if (isChecked) this.#counts.limitsChecked += 1;
      if (over > 0) this.#found.faults.push(`${this.#at}: ${on} admits ${over} ${resource} above`);
      growth = Math.max(kept(tier), tier.committed) - before;
    }
  }

  /** What a closed node and all beneath it has spent becomes its parent's own. */
  #close(path: string): void {
    for (const resource of this.#resources) {
      const account = this.#account(path, resource);
      for (const child of account.children) this.#close(child.path);
      this.#change(path, resource, 0, false, { guarantee: 0 });
      this.#accounts.delete(`${path} ${resource}`);
      if (parentOf(path) === '') continue;
      const parent = this.#account(parentOf(path), resource);
      parent.children.delete(account);
      parent.own += account.own;
    }
  }

  #account(path: string, resource: string): Account {
    const key = `${path} ${resource}`;
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const blank = { limit: null, guarantee: 0, lend: 0, own: 0, committed: 0, total: 0 };
    const account: Account = { ...blank, path, children: new Set() };
    this.#accounts.set(key, account);
    this.#resources.add(resource);
    if (parentOf(path) !== '') this.#account(parentOf(path), resource).children.add(account);
    return account;
  }
}

const kept = ({ guarantee, lend }: Account) => Math.max(0, guarantee - (lend ?? guarantee));
const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
function plus(a: Amounts = {}, b: Amounts = {}, sign = 1): Amounts {
  const sum = { ...a };
  for (const resource in b) sum[resource] = (sum[resource] ?? 0) + sign * (b[resource] ?? 0);
  return sum;
}

if (process.argv[1] === import.meta.filename) {
  const check = new LogCheck();
  const lines = createInterface({ input: createReadStream(process.argv[2] ?? '') });
  for await (const line of lines) check.take(line);
  const result = check.end();
  console.log(JSON.stringify(result));
  process.exitCode = result.ok ? 0 : 1;
}
