import type { BursarEvent } from '../events/events.ts';
import { readEvent } from '../events/upcast.ts';
import { sentenceOf } from '../projections/story.ts';
import type { Colours } from './screen.ts';
import { showTime } from './values.ts';

/** One stored event in a line; one that this version cannot read as the JSON that it is. */
export function storedEventLine(stored: unknown, paint: Colours): string {
  try {
    return eventLine(readEvent(stored), paint);
  } catch {
    return JSON.stringify(stored);
  }
}

/** One event in a line: when, what, and in words. */
export function eventLine(event: BursarEvent, paint: Colours): string {
  return `${paint.dim(showTime(event.atMs))}  ${paint.bold(event.type)}  ${sentenceOf(event)}`;
}
