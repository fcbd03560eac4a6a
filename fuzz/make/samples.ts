import { Answer, Emergency } from '../../events/answers.ts';
import { Command } from '../../events/commands.ts';
import { BursarEvent } from '../../events/events.ts';
import { Notice } from '../../events/notice.ts';
import type { Chance } from '../chance.ts';
import { fromSchema } from './from-schema.ts';

/** A valid command of any op. */
export function commandSample(chance: Chance): { readonly op: string } {
  return fromSchema(Command, chance) as { op: string };
}

/** Valid commands in one message. */
export function batchSample(chance: Chance): { readonly op: 'batch'; readonly commands: object[] } {
  const count = chance.oneIn(30) ? chance.pick([255, 256, 257]) : 1 + chance.skewed(6);
  const one = commandSample(chance);
  const commands = Array.from({ length: count }, () => (count > 9 ? one : commandSample(chance)));
  return { op: 'batch', commands };
}

/** A valid event of any type. */
export function eventSample(chance: Chance): object {
  return fromSchema(BursarEvent, chance) as object;
}

/** A valid answer of any outcome. */
export function answerSample(chance: Chance): object {
  return fromSchema(Answer, chance) as object;
}

export function noticeSample(chance: Chance): object {
  return fromSchema(Notice, chance) as object;
}

function emergencySample(chance: Chance): object {
  return fromSchema(Emergency, chance) as object;
}

/** Anything that travels or is stored. */
export function anySample(chance: Chance): unknown {
  const make = chance.pick([
    commandSample,
    batchSample,
    eventSample,
    answerSample,
    noticeSample,
    emergencySample,
  ]);
  return make(chance);
}
