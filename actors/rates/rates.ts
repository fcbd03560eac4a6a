import type { AccountName, Shortage } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import { typeIn } from '../accounts/registry.ts';
import type { Node } from '../nodes/node.ts';
import type { Team } from '../team.ts';
import type { RateGauge } from './rate-gauge.ts';

/** What an ask comes to: amounts that are held, and those that are counted as rates. */
export interface AskedAmounts {
  readonly held: Amounts;
  readonly rates: Amounts;
}

/** No rate is asked for. */
export const NO_RATES: Amounts = {};

/** Tells what is held from what is counted. Without rates nothing is copied. */
export function splitRates(team: Team, asked: Amounts): AskedAmounts {
  let rates: Record<string, number> | undefined;
  for (const resource in asked) {
    if (typeIn(team.resources, resource)?.class !== 'rate') continue;
    rates ??= {};
    rates[resource] = asked[resource] as number;
  }
  if (rates === undefined) return { held: asked, rates: NO_RATES };
  const held: Record<string, number> = {};
  for (const resource in asked) {
    if (rates[resource] === undefined) held[resource] = asked[resource] as number;
  }
  return { held, rates };
}

/** The gauges of a resource on a path, innermost first. */
export function* gaugesOn(from: Node, resource: string): Generator<[Node, RateGauge]> {
  for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
    const gauge = node.rates?.get(resource);
    if (gauge !== undefined) yield [node, gauge];
  }
}

/** Whether every tier has room for all rates at an instant. */
export function ratesFit(from: Node, rates: Amounts, nowMs: number): boolean {
  for (const resource in rates) {
    const amount = rates[resource] as number;
    for (const [, gauge] of gaugesOn(from, resource)) {
      if (amount > gauge.roomAt(nowMs)) return false;
    }
  }
  return true;
}

/** Every gauge that cannot take the rates now, innermost first. */
export function rateShortages(from: Node, rates: Amounts, nowMs: number): Shortage[] {
  const short: Shortage[] = [];
  for (const resource in rates) {
    const needed = rates[resource] as number;
    for (const [{ path }, gauge] of gaugesOn(from, resource)) {
      const available = gauge.roomAt(nowMs);
      if (needed > available) short.push({ path, resource, needed, available });
    }
  }
  return short;
}

/**
 * The first instant, from now on, at which every tier has room for all rates if nobody else comes;
 * Infinity where some tier never has. Exact: room comes by time alone and does not go by it.
 */
export function ratesReadyAtMs(from: Node, rates: Amounts, nowMs: number): number {
  let readyAtMs = nowMs;
  for (const resource in rates) {
    const amount = rates[resource] as number;
    for (const [, gauge] of gaugesOn(from, resource)) {
      readyAtMs = Math.max(readyAtMs, gauge.readyAtMs(nowMs, amount));
    }
  }
  return readyAtMs;
}

/** Room of a rate over the whole path; null where no tier limits it. */
export function rateRoom(from: Node, resource: string, nowMs: number): number | null {
  let room: number | null = null;
  for (const [, gauge] of gaugesOn(from, resource)) {
    room = Math.min(room ?? Infinity, gauge.roomAt(nowMs));
  }
  return room;
}

/** Whether an account of a contest is a rate. */
export function isRate(node: Node, { resource }: Pick<AccountName, 'resource'>): boolean {
  return node.rates?.has(resource) === true;
}
