import type { Emergency } from '../events/answers.ts';
import { BLOCK_EVENT_BYTES_MAX, BlockBuilder } from '../events/block.ts';
import type { BursarEvent } from '../events/events.ts';
import { LIMITS } from '../events/limits.ts';
import type { Notice } from '../events/notice.ts';

/** Room left in a block before a decision is begun; what one decision records fits into it. */
const ROOM_FOR_A_DECISION_BYTES = 96 * 1024;
const ROOM_FOR_A_DECISION_EVENTS = 512;

/** What became of a block that answers waited for. */
export type BlockFate = 'stored' | 'lost';

/** What leaves the process once a block is durable. */
export interface Releases {
  /** Called once each, when the fate of the block is known. Must not throw. */
  readonly answers: ((fate: BlockFate) => void)[];
  readonly notices: Notice[];
  readonly emergencies: Emergency[];
}

/** A block that is being filled: its events, and what waits for it to be durable. */
export class Gathering {
  /** The sequence that it will have. */
  readonly seq: number;
  readonly builder = new BlockBuilder();
  readonly events: BursarEvent[] = [];
  readonly releases: Releases = { answers: [], notices: [], emergencies: [] };
  /** Time of its newest event. */
  lastAtMs = 0;

  constructor(seq: number) {
    this.seq = seq;
  }

  get isEmpty(): boolean {
    return this.events.length === 0;
  }

  /** Whether the next decision should go into a block of its own. */
  get isNearlyFull(): boolean {
    return (
      this.builder.eventBytes > BLOCK_EVENT_BYTES_MAX - ROOM_FOR_A_DECISION_BYTES ||
      this.events.length > LIMITS.blockEventsMax - ROOM_FOR_A_DECISION_EVENTS
    );
  }

  /** Adds an event; false if the block is full in spite of all. */
  add(event: BursarEvent): boolean {
    if (!this.builder.add([event])) return false;
    this.events.push(event);
    this.lastAtMs = event.atMs;
    return true;
  }
}
