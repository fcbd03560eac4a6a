import type { Bus } from '../bus/bus.ts';
import { encode } from '../events/codec.ts';
import { swarmOf } from '../events/names.ts';
import { subjects } from '../events/subjects.ts';
import type { Swept } from './log-sweep.ts';
import { type Places, pathOf } from './places.ts';
import type { Recorded } from './projection.ts';

/** What subscribers of `bursar.events.>` get: the event, where it stands, and the block's hash. */
export interface FedEvent {
  /** The subject on which it is meant to arrive; drop what arrives elsewhere. */
  readonly subject: string;
  readonly shard: number;
  readonly seq: number;
  readonly index: number;
  /** SHA-256 of the block. */
  readonly hash?: Uint8Array;
  /** The node that the event is about. */
  readonly path: string;
  readonly event: Recorded['event'];
}

/**
 * Publishes single events to whoever watches, as msgpack, at most once: what cannot leave now is
 * counted and gone. Whoever must see everything reads the log.
 */
export class LiveFeed {
  readonly #bus: Bus;
  readonly #shard: number;
  published = 0;
  /** Could not be published. */
  dropped = 0;

  constructor(bus: Bus, shard: number) {
    this.#bus = bus;
    this.#shard = shard;
  }

  /** @param places as they were before the event */
  publish({ event, at }: Recorded, block: Swept['block'], places: Places): void {
    const path = pathOf(places, event);
    const subject = subjects.event(event.team, swarmOf(path), event.type);
    const fed: FedEvent = {
      subject,
      shard: this.#shard,
      seq: at.seq,
      index: at.index,
      ...(block === undefined ? {} : { hash: block.hash }),
      path,
      event,
    };
    try {
      this.#bus.publish(subject, encode(fed));
      this.published += 1;
    } catch {
      this.dropped += 1;
    }
  }
}
