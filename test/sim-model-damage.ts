import { strict as must } from 'node:assert';
import type { Answer } from '../events/answers.ts';
import type { BursarEvent, EventOf, EventType } from '../events/events.ts';
import type { DamagedHistory } from './sim-model-rig.ts';

/** Spoils a history. */
export type Damage = (history: DamagedHistory) => void;

/** The place of the first event of a type, or of the one that is meant. */
export function placeOf<T extends EventType>(
  { events }: DamagedHistory,
  type: T,
  is: (event: EventOf<T>) => boolean = () => true,
): number {
  const place = events.findIndex(({ event }) => event.type === type && is(event as EventOf<T>));
  must.ok(place >= 0, `a ${type} to damage`);
  return place;
}

/** Changes fields of an event. */
export function change<T extends EventType>(
  type: T,
  is: (event: EventOf<T>) => boolean,
  fields: (event: EventOf<T>) => Partial<EventOf<T>>,
): Damage {
  return (history) => {
    const one = history.events[placeOf(history, type, is)];
    must.ok(one);
    const event = { ...one.event, ...fields(one.event as EventOf<T>) };
    for (const [name, value] of Object.entries(event)) {
      if (value === undefined) delete (event as Record<string, unknown>)[name];
    }
    one.event = event as BursarEvent;
  };
}

export function drop<T extends EventType>(type: T, is: (event: EventOf<T>) => boolean): Damage {
  return (history) => void history.events.splice(placeOf(history, type, is), 1);
}

/** Records an event once more, at once. */
export function twice<T extends EventType>(type: T, is: (event: EventOf<T>) => boolean): Damage {
  return (history) => {
    const place = placeOf(history, type, is);
    const one = history.events[place];
    must.ok(one);
    history.events.splice(place, 0, structuredClone(one));
  };
}

/** Changes the answer to the first command that is meant. */
export function answerTo(
  is: (command: DamagedHistory['sent'][number]['command'], answer: Answer) => boolean,
  fields: (answer: Answer) => object,
): Damage {
  return ({ answers }) => {
    const given = answers.find(({ to, answer }) => is(to.command, answer));
    must.ok(given, 'an answer to damage');
    given.answer = { ...given.answer, ...fields(given.answer) } as Answer;
  };
}
