import { EVENT_VERSION } from './event-kit.ts';
import { BursarEvent } from './events.ts';
import { shown } from './shown.ts';

/** An event in the log that this version cannot read. */
export class UnreadableEventError extends Error {
  readonly code = 'unreadable_event';
  readonly retryable = false;
  readonly event: unknown;
  constructor(reason: string, event: unknown, cause?: unknown) {
    super(`An event in the log cannot be read: ${reason}`, { cause });
    this.name = 'UnreadableEventError';
    this.event = event;
  }
}

type Raw = Record<string, unknown>;

/**
 * Steps from an older form of an event to the next, keyed `Type@version`; each returns the raw
 * event of version + 1. Empty while the first version is the only one.
 */
const UPCASTS: Readonly<Record<string, (raw: Raw) => Raw>> = {};

/**
 * A stored event as today's type: older versions are brought up step by step, then checked.
 * @throws UnreadableEventError for a newer version, an unknown type or a broken shape
 */
export function readEvent(stored: unknown): BursarEvent {
  if (typeof stored !== 'object' || stored === null) {
    throw new UnreadableEventError('it is not a map', stored);
  }
  let raw = stored as Raw;
  let version = typeof raw['v'] === 'number' ? raw['v'] : 0;
  if (version > EVENT_VERSION) {
    throw new UnreadableEventError(
      `version ${version} of ${shown(raw['type'])} is newer than ${EVENT_VERSION}; use a newer bursar`,
      stored,
    );
  }
  while (version < EVENT_VERSION) {
    const step = UPCASTS[`${shown(raw['type'])}@${version}`];
    if (step === undefined) {
      throw new UnreadableEventError(`no upcast for ${shown(raw['type'])}@${version}`, stored);
    }
    raw = step(raw);
    version += 1;
  }
  const parsed = BursarEvent.safeParse(raw);
  if (!parsed.success) throw new UnreadableEventError(parsed.error.message, stored, parsed.error);
  return parsed.data;
}
