import { JSON_TYPE, type Message } from '../bus/bus.ts';
import { Answer } from '../events/answers.ts';
import { decode } from '../events/codec.ts';
import { BadAnswerError } from './errors.ts';

/** Largest message that is read; the broker carries no more. */
const MESSAGE_BYTES_MAX = 1024 * 1024;

/** @throws what decoder or parser throw for bytes that are not whole */
export function decodePayload(message: Message): unknown {
  if (message.contentType === JSON_TYPE) {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(message.data));
  }
  return decode(message.data, MESSAGE_BYTES_MAX);
}

/**
 * The answers in the reply to `count` commands, in their order; an error where one is no answer.
 * @param isBatch whether the commands travelled as a batch
 * @throws BadAnswerError when the reply as a whole is none
 */
export function readAnswers(
  message: Message,
  count: number,
  isBatch: boolean,
): (Answer | BadAnswerError)[] {
  const payload = payloadOf(message);
  if (!isBatch) return [readAnswer(payload)];
  const { outcome, answers } = payload as { outcome?: unknown; answers?: unknown };
  if (outcome === 'batch' && Array.isArray(answers) && answers.length === count) {
    return answers.map(readAnswer);
  }
  const whole = readAnswer(payload);
  if (whole instanceof BadAnswerError || whole.outcome !== 'refused') {
    throw new BadAnswerError(`not the reply to a batch of ${count} commands`);
  }
  return Array.from({ length: count }, () => whole);
}

function payloadOf(message: Message): object {
  let payload: unknown;
  try {
    payload = decodePayload(message);
  } catch (cause) {
    throw new BadAnswerError('it cannot be decoded', cause);
  }
  if (typeof payload === 'object' && payload !== null) return payload;
  throw new BadAnswerError('it is not a map');
}

function readAnswer(value: unknown): Answer | BadAnswerError {
  const parsed = Answer.safeParse(value);
  return parsed.success ? parsed.data : new BadAnswerError('a field is wrong', parsed.error);
}
