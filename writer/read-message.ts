import type { Message } from '../bus/bus.ts';
import { JSON_TYPE } from '../bus/bus.ts';
import type { Refusal } from '../events/answers.ts';
import { decode } from '../events/codec.ts';
import { COMMAND_VERSION } from '../events/command-kit.ts';
import { Batch } from '../events/commands.ts';
import { LIMITS } from '../events/limits.ts';
import { NodeName } from '../events/names.ts';
import { refuse } from '../events/refusals.ts';
import { shown } from '../events/shown.ts';
import { parseShardRequest } from '../events/subjects.ts';
import { type ParsedCommand, parseCommand } from './parse-command.ts';

/** A request as it came from the broker, read but not decided. */
export interface ReadMessage {
  readonly agent: string;
  readonly team: string;
  readonly isBatch: boolean;
  readonly isJson: boolean;
  /** One entry a command, in order. */
  readonly commands: readonly (ParsedCommand | Refusal)[];
}

/** Reads a request message; undefined where the subject is none of a request. */
export function readMessage(message: Message): ReadMessage | undefined {
  const subject = parseShardRequest(message.subject);
  if (subject === undefined) return undefined;
  const { agent, team, op } = subject;
  const isJson = isJsonType(message.contentType);
  const common = { agent, team, isJson };
  const raw = bodyOf(message, isJson);
  if (isRefusal(raw)) return { ...common, isBatch: false, commands: [raw] };
  if (!NodeName.safeParse(team).success) {
    return { ...common, isBatch: false, commands: [refuse('malformed', BAD_TEAM)] };
  }
  if (op !== 'batch') {
    return { ...common, isBatch: false, commands: [parseCommand(raw.body, op, team, agent)] };
  }
  const batch = Batch.safeParse(withOp(raw.body));
  if (!batch.success) {
    const version = (raw.body as { v?: unknown } | null)?.v;
    const refusal =
      version !== undefined && version !== COMMAND_VERSION
        ? refuse('unknown_version', `version ${shown(version)} of batch; this server reads 1`)
        : refuse('malformed', `batch: ${batch.error.issues[0]?.message ?? 'unreadable'}`);
    return { ...common, isBatch: false, commands: [refusal] };
  }
  const commands = batch.data.commands.map((one) => parseCommand(one, undefined, team, agent));
  return { ...common, isBatch: true, commands };
}

/** Whether a parsed command is a refusal instead. */
export function isRefusal(parsed: object): parsed is Refusal {
  return 'outcome' in parsed && parsed.outcome === 'refused';
}

const BAD_TEAM = 'the team in the subject must match [A-Za-z0-9_-]{1,64}';

/** Whether a content type is JSON; parameters such as a charset do not matter. */
export function isJsonType(contentType: string | undefined): boolean {
  if (contentType === undefined || contentType === JSON_TYPE) return contentType === JSON_TYPE;
  return contentType.split(';', 1)[0]?.trim().toLowerCase() === JSON_TYPE;
}

function bodyOf(message: Message, isJson: boolean): { readonly body: unknown } | Refusal {
  const { data } = message;
  if (data.byteLength > LIMITS.requestBytesMax) {
    return refuse('oversize', `${data.byteLength} bytes; at most ${LIMITS.requestBytesMax}`);
  }
  try {
    if (!isJson) return { body: decode(data, LIMITS.requestBytesMax) };
    return { body: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data)) };
  } catch (cause) {
    const form = isJson ? 'JSON' : 'msgpack (send Content-Type: application/json for JSON)';
    return refuse('malformed', `the body is not ${form}: ${(cause as Error).message}`);
  }
}

function withOp(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || 'op' in body) return body;
  return { ...body, op: 'batch' };
}
