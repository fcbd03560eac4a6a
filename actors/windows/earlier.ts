import type { Earlier } from '../../events/events.ts';
import type { Amounts } from '../../events/resources.ts';
import type { Node } from '../nodes/node.ts';
import type { Allocation, Position, Tombstone } from '../team.ts';
import { isTimed } from './window.ts';

/** An instant of the log: its clock may stand still while events follow each other. */
interface Instant {
  readonly atMs: number;
  readonly at: Position;
}

/**
 * When the use of an allocation counts (semantics §4): up to what it held when a window ended, in
 * that window; the rest of what it held, when it ended; what is above that, when it was settled.
 */
interface Times {
  readonly held: Amounts;
  readonly marks: Allocation['marks'];
  /** Null for one that ends now. */
  readonly ended: Instant | null;
  readonly settled: Instant | null;
}

/** The earlier parts of what the end of a live allocation books. */
export function earlierOfEnd(
  { items, marks }: Pick<Allocation, 'items' | 'marks'>,
  booked: Amounts,
): { earlier?: [...Earlier] } {
  if (marks === undefined) return {};
  const times = { held: items, marks, ended: null, settled: null };
  return asField('earlier', partsOf(undefined, times, NOTHING, booked));
}

/** The earlier parts of what a late settle books, and of what it gives back. */
export function earlierOfLate(node: Node, tomb: Tombstone, booked: Amounts) {
  const ended = { atMs: tomb.endedAtMs, at: tomb.endedAt };
  const { marks } = tomb;
  const held = heldOrBooked(tomb);
  const more = partsOf(node, { held, marks, ended, settled: null }, tomb.booked, booked);
  const less = partsOf(node, { held, marks, ended, settled: ended }, booked, tomb.booked);
  return { ...asField('earlier', more), ...asField('earlierReturned', less) };
}

/** The earlier parts of a correction: more and less count when the use did. */
export function earlierOfAdjust(node: Node, tomb: Tombstone, actual: Amounts) {
  const ended = { atMs: tomb.endedAtMs, at: tomb.endedAt };
  const settled = { atMs: tomb.atMs, at: tomb.at };
  const times = { held: heldOrBooked(tomb), marks: tomb.marks, ended, settled };
  const before: Record<string, number> = {};
  for (const resource in actual) before[resource] = tomb.booked[resource] ?? 0;
  return {
    ...asField('earlier', partsOf(node, times, before, actual)),
    ...asField('earlierReturned', partsOf(node, times, actual, before)),
  };
}

/** Up to here it was used before the end, by what it held or by what was booked then. */
function heldOrBooked({ held, bookedAtEnd }: Tombstone): Amounts {
  const most: Record<string, number> = { ...held };
  for (const resource in bookedAtEnd) {
    most[resource] = Math.max(most[resource] ?? 0, bookedAtEnd[resource] as number);
  }
  return most;
}

/** The earlier part of a charge: all of it, where it was used before. */
export function earlierOfCharge(
  node: Node,
  amounts: Amounts,
  atMs: number,
  agoMs: number | undefined,
): { earlier?: [...Earlier] } {
  if (agoMs === undefined || agoMs === 0) return {};
  const timed = Object.entries(amounts).filter(([resource]) => isTimed(node, resource));
  if (timed.length === 0) return {};
  return { earlier: [{ usedAtMs: Math.max(0, atMs - agoMs), amounts: Object.fromEntries(timed) }] };
}

function asField<Name extends string>(name: Name, parts: Map<number, Record<string, number>>) {
  if (parts.size === 0) return {};
  const earlier = [...parts].map(([usedAtMs, amounts]) => ({ usedAtMs, amounts }));
  return { [name]: earlier } as { [Field in Name]: typeof earlier };
}

/** What lies above `from` and up to `to`, by the instants at which it counts; now is left out. */
function partsOf(
  node: Node | undefined,
  times: Times,
  from: Amounts,
  to: Amounts,
): Map<number, Record<string, number>> {
  const parts = new Map<number, Record<string, number>>();
  for (const resource in to) {
    if (node !== undefined && !isTimed(node, resource)) continue;
    let below = from[resource] ?? 0;
    const end = to[resource] as number;
    const take = (upTo: number, usedAtMs: number | undefined) => {
      const amount = Math.min(end, upTo) - below;
      if (amount <= 0) return;
      below += amount;
      if (usedAtMs === undefined) return;
      const part = parts.get(usedAtMs) ?? {};
      part[resource] = (part[resource] ?? 0) + amount;
      parts.set(usedAtMs, part);
    };
    for (const { atMs, held } of times.marks?.get(resource) ?? []) take(held, atMs - 1);
    take(times.held[resource] ?? 0, usedAt(node, resource, times.ended));
    take(Infinity, usedAt(node, resource, times.settled));
  }
  return parts;
}

/** Of an instant at which a window began too: before it, where the log has it before. */
function usedAt(
  from: Node | undefined,
  resource: string,
  instant: Instant | null,
): number | undefined {
  if (instant === null) return undefined;
  let { atMs } = instant;
  for (let node = from; node !== undefined; node = node.parent) {
    const window = node.accounts.get(resource)?.window;
    if (window == null || window.startsAtMs > instant.atMs) continue;
    if (isBefore(instant.at, window.at)) atMs = Math.min(atMs, window.startsAtMs - 1);
  }
  return Math.max(0, atMs);
}

function isBefore(a: Position, b: Position): boolean {
  return a.seq === b.seq ? a.index < b.index : a.seq < b.seq;
}

const NOTHING: Amounts = {};
