import type { State, Waiting } from './state.ts';

/** How the runs that wait for one account take turns, from the first that waits to the last. */
export interface Turns {
  /** Pass of whoever was served last. */
  virtual: bigint;
  /** Where the next request of a run comes at the earliest. */
  readonly next: Map<string, bigint>;
}

type Account = Waiting['account'];

const keyOf = ({ path, resource }: Account) => `${path}|${resource}`;
/** The run: the first three names of a path. */
const runOf = (path: string) => path.split('/').slice(0, 3).join('/');

/** S §7, stride: a request joins at virtual time, or where its run comes next if that is later. */
export function passAt(state: State, account: Account, path: string): number {
  const turns = state.turns.get(keyOf(account));
  const next = turns?.next.get(runOf(path)) ?? 0n;
  const virtual = turns?.virtual ?? 0n;
  return Number(next > virtual ? next : virtual);
}

/** A request joins a queue at the pass that its event tells; without one it takes no turn. */
export function joinTurns(state: State, waiting: Waiting, pass: number | undefined): void {
  waiting.pass = pass ?? 0;
  waiting.stride = pass === undefined ? 0n : strideOf(state, waiting);
  if (pass === undefined) return;
  const key = keyOf(waiting.account);
  const turns = state.turns.get(key) ?? { virtual: 0n, next: new Map() };
  turns.next.set(runOf(waiting.ask.path), BigInt(pass) + waiting.stride);
  state.turns.set(key, turns);
}

/** It leaves: served, or as if it had not come where nobody of its run came after it. */
export function leaveTurns(state: State, waiting: Waiting, isServed: boolean): void {
  const key = keyOf(waiting.account);
  const turns = state.turns.get(key);
  if (turns === undefined) return;
  const pass = BigInt(waiting.pass);
  const run = runOf(waiting.ask.path);
  if (isServed && pass > turns.virtual) turns.virtual = pass;
  if (!isServed && turns.next.get(run) === pass + waiting.stride) turns.next.set(run, pass);
}

/** Turns are over when nobody waits there any more. */
export function endTurns(state: State, account: Account): void {
  for (const other of state.waiting.values()) {
    if (keyOf(other.account) === keyOf(account)) return;
  }
  state.turns.delete(keyOf(account));
}

/** The part of the account that is asked, in 2^-20 of it, by the weight of the run. */
function strideOf(state: State, { ask, account }: Waiting): bigint {
  const amount = BigInt(
    ask.items[account.resource]?.amount ?? state.policy.bounds[account.resource] ?? 0,
  );
  const limit = state.nodes.get(account.path)?.accounts.get(account.resource)?.limit;
  const all = limit === null || limit === undefined ? amount : BigInt(limit);
  const whole = 1n << 20n;
  const wanted = (amount * whole) / (all > 1n ? all : 1n);
  const cost = wanted < 1n ? 1n : wanted > whole ? whole : wanted;
  const run = state.nodes.get(runOf(ask.path));
  const stride = (cost * 1_000n) / BigInt(run?.weightMilli ?? 1_000);
  return stride > 1n ? stride : 1n;
}
