import type { FaultRates } from '../world/fault-rates.ts';

interface Header {
  readonly no: number;
  /** When it begins. */
  readonly atMs: number;
}
interface OfWriter {
  /** Number of the writer. */
  readonly writer: number;
}
interface OfShard {
  readonly shard: number;
}
interface Lasting {
  /** It is over after this time. */
  readonly forMs: number;
}

/** A moment inside a process: its `count`-th operation that leaves it, from `atMs` on. */
export interface CrashPoint {
  readonly count: number;
  /** Whether the operation has its effect first. */
  readonly side: 'before' | 'after';
}

/** Faults that are rates of the world for a while; several at once add up to the highest. */
export type RateFaultKind =
  | 'messyNetwork'
  | 'logSlow'
  | 'logFull'
  | 'logAway'
  | 'loseAcks'
  | 'loseAppends'
  | 'falseWrongSequence';

/**
 * Something that goes wrong at a time, as data.
 * - `messyNetwork`: messages are duplicated, dropped, overtaken, delayed.
 * - `logSlow`, `logFull`, `logAway`, `loseAcks`, `loseAppends`, `falseWrongSequence`: what the log
 *   does to blocks, claims and looks.
 * - `crashWriter`: its memory is gone; it starts again after `forMs`. With `point` not at once, but
 *   at that operation.
 * - `pauseWriter`: it stands still for a moment, as under SIGSTOP, and goes on as the owner.
 * - `zombie`: it stands still until another has taken over, and goes on as if nothing had been.
 * - `secondClaimant`: a process claims the shard although its owner lives.
 * - `brokerRestart`: all connections are gone, and what was on its way.
 * - `outage`: the same for longer than leases and queue times last.
 * - `cutOff`: one process cannot reach the broker.
 * - `clockJump`: the wall clock of one process is set.
 * - `dropTail`, `flipBit`, `vanishBlock`: damage to the log that stays.
 * - `tearCheckpoint`, `staleCheckpoint`: what a projector finds at its next start; it crashes now.
 * - `crashClient`: an agent's process is gone; it comes back after `forMs`, or never.
 */
export type Fault = Header &
  (
    | ({ readonly kind: RateFaultKind; readonly rates: Partial<FaultRates> } & Lasting)
    | ({ readonly kind: 'crashWriter'; readonly point?: CrashPoint } & OfWriter & Lasting)
    | ({ readonly kind: 'pauseWriter' } & OfWriter & Lasting)
    | ({ readonly kind: 'zombie' } & OfWriter & Lasting)
    | ({ readonly kind: 'secondClaimant' } & OfShard)
    | ({ readonly kind: 'brokerRestart' } & Lasting)
    | ({ readonly kind: 'outage' } & Lasting)
    | ({
        readonly kind: 'cutOff';
        /** Of a process: `writer-0`, or as agentProcessName has it. */
        readonly name: string;
      } & Lasting)
    | { readonly kind: 'clockJump'; readonly name: string; readonly byMs: number }
    | ({
        readonly kind: 'dropTail';
        /** So many of the newest messages. */
        readonly count: number;
      } & OfShard)
    | ({
        readonly kind: 'flipBit';
        /** So many messages before the newest. */
        readonly back: number;
        readonly bit: number;
      } & OfShard)
    | ({ readonly kind: 'vanishBlock'; readonly back: number } & OfShard)
    | ({ readonly kind: 'tearCheckpoint'; readonly projector: number } & Lasting)
    | ({ readonly kind: 'staleCheckpoint'; readonly projector: number } & Lasting)
    | ({ readonly kind: 'crashProjector'; readonly projector: number } & Lasting)
    | {
        readonly kind: 'crashClient';
        readonly agent: string;
        readonly team: string;
        /** Null: it never comes back. */
        readonly forMs: number | null;
      }
  );
export type FaultKind = Fault['kind'];
export type FaultOf<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>;

/** All kinds, mildest first. */
export const FAULT_KINDS = [
  'messyNetwork',
  'logSlow',
  'loseAcks',
  'loseAppends',
  'falseWrongSequence',
  'logAway',
  'pauseWriter',
  'brokerRestart',
  'cutOff',
  'crashWriter',
  'crashProjector',
  'crashClient',
  'secondClaimant',
  'zombie',
  'clockJump',
  'outage',
  'logFull',
  'tearCheckpoint',
  'staleCheckpoint',
  'dropTail',
  'flipBit',
  'vanishBlock',
] as const satisfies readonly FaultKind[];

/** Faults after which what was answered before may be gone: the log is not what it was. */
export const DAMAGE: ReadonlySet<FaultKind> = new Set(['dropTail', 'flipBit', 'vanishBlock']);
