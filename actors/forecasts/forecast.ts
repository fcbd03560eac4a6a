import type { BursarEvent } from '../../events/events.ts';
import type { ForecastRules } from '../../events/forecast-rules.ts';
import { isConsumable } from '../accounts/registry.ts';
import { stamp } from '../context.ts';
import type { Node } from '../nodes/node.ts';
import { accountKey, accountOfKey, type Team } from '../team.ts';
import { windowOver } from '../windows/window.ts';
import { SpendRate } from './spend-rate.ts';

/** How long what is left lasts at the rate at which it was last spent. Durations in ms. */
export interface Forecast {
  readonly lastsMs: number;
  /** Ends of the interval; null: it may last for ever. */
  readonly earliestMs: number;
  readonly latestMs: number | null;
  /** In the resource's unit. */
  readonly ratePerHour: number;
  readonly left: number;
  readonly limit: number;
  readonly samples: number;
}

const HOUR_MS = 3_600_000n;

/** Notes what was spent on a node, where policy wants a forecast of it. */
export function noteSpent(
  team: Team,
  node: Node,
  resource: string,
  amount: number,
  usedAtMs: number,
  nowMs: number,
): void {
  const rules = team.policy.forecast;
  if (rules === null || (node.tier !== 'team' && node.tier !== 'swarm')) return;
  if (!isConsumable(team.resources, resource)) return;
  const key = accountKey(node.path, resource);
  let rate = team.spendRates.get(key);
  if (rate === undefined) {
    rate = new SpendRate(rules.windowMs);
    team.spendRates.set(key, rate);
  }
  rate.note(amount, usedAtMs, nowMs);
  team.agenda.forecasts.set(key, nowMs);
}

/** Has the forecast of an account looked at again, where there is one. */
export function noteForecast(team: Team, node: Node, resource: string): void {
  if (team.spendRates.size === 0) return;
  const key = accountKey(node.path, resource);
  if (team.spendRates.has(key)) team.agenda.forecasts.set(key, team.lastAtMs);
}

/** Of a node that has closed nothing is forecast any more. */
export function forgetSpendRates(team: Team, node: Node): void {
  if (team.spendRates.size === 0) return;
  for (const resource of node.accounts.keys()) {
    team.spendRates.delete(accountKey(node.path, resource));
  }
}

/** The forecast of an account now; undefined where there is no limit or too little is known. */
export function forecastOf(
  team: Team,
  node: Node,
  resource: string,
  nowMs: number,
): Forecast | undefined {
  const account = node.accounts.get(resource);
  const rules = team.policy.forecast;
  const spending = team.spendRates.get(accountKey(node.path, resource))?.over(nowMs);
  if (rules === null || spending === undefined || account === undefined) return undefined;
  const { limit, spentTree, carried } = account;
  const { spent, low, high, overMs, samples } = spending;
  if (limit === null || samples < rules.leastSamples || spent <= 0n) return undefined;
  const left = Math.max(0, limit - spentTree - carried);
  const lasts = (amount: bigint) => within((BigInt(left) * BigInt(overMs)) / amount);
  return {
    lastsMs: lasts(spent),
    earliestMs: lasts(high),
    latestMs: low === 0n ? null : lasts(low),
    ratePerHour: within((spent * HOUR_MS) / BigInt(overMs)),
    left,
    limit,
    samples,
  };
}

/**
 * What is to be told of how long an account lasts. Raised when that is no longer than the horizon
 * and ends before its window does; cleared when it is longer by a quarter than either, so that what
 * comes and goes at the bound is told once. What is used up has the ladder to tell it.
 */
export function announceForecast(team: Team, key: string, atMs: number): BursarEvent[] {
  const { path, resource } = accountOfKey(key);
  const node = team.nodes.get(path);
  const rate = team.spendRates.get(key);
  const rules = team.policy.forecast;
  if (node === undefined || rate === undefined || rules === null) return [];
  const forecast = forecastOf(team, node, resource, atMs);
  if (rate.isRaised) {
    if (forecast !== undefined && isNear(node, resource, forecast, rules, atMs, true)) return [];
    return [{ ...stamp('ForecastCleared', team, atMs), path, resource }];
  }
  if (forecast === undefined || forecast.left === 0) return [];
  if (!isNear(node, resource, forecast, rules, atMs, false)) return [];
  const { lastsMs, earliestMs, latestMs, ...told } = forecast;
  return [
    {
      ...stamp('ExhaustionForecast', team, atMs),
      path,
      resource,
      exhaustsAtMs: atMs + lastsMs,
      earliestAtMs: atMs + earliestMs,
      latestAtMs: latestMs === null ? null : Math.min(atMs + latestMs, Number.MAX_SAFE_INTEGER),
      ...told,
    },
  ];
}

/** @param isTold then it is near up to a quarter beyond its bounds */
function isNear(
  node: Node,
  resource: string,
  { left, lastsMs }: Forecast,
  { horizonMs }: ForecastRules,
  atMs: number,
  isTold: boolean,
): boolean {
  if (left === 0) return true;
  const leftMs = (windowOver(node, resource)?.endsAtMs ?? Infinity) - atMs;
  const later = (ms: number) => (isTold ? ms + Math.floor(ms / 4) : ms);
  return lastsMs <= later(horizonMs) && lastsMs < later(leftMs);
}

/** A duration or amount within the exact integers. */
function within(value: bigint): number {
  return Number(value < MAX ? value : MAX);
}

const MAX = BigInt(Number.MAX_SAFE_INTEGER);
