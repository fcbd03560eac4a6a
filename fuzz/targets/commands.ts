import { JSON_TYPE, type Message } from '../../bus/bus.ts';
import { Answer, BatchReply, Refusal } from '../../events/answers.ts';
import { decode, encode } from '../../events/codec.ts';
import { Command, OPS } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { subjects } from '../../events/subjects.ts';
import { type ParsedCommand, parseCommand } from '../../writer/parse-command.ts';
import { isRefusal, type ReadMessage, readMessage } from '../../writer/read-message.ts';
import { sendReply } from '../../writer/reply.ts';
import type { Chance } from '../chance.ts';
import { holdAmounts, holdFinite, holdWholeText } from '../checks/amounts.ts';
import { isSame } from '../checks/same.ts';
import { wildRequest } from '../make/request.ts';
import { type FuzzInput, hold, type Target } from '../target.ts';

const AGENT = 'wile';
const TEAM = 'acme';
const REPLY_BYTES_MAX = 1024 * 1024;

/** Requests as the writer reads them. */
export const commandsTarget: Target = {
  name: 'commands',
  about:
    'requests in msgpack and JSON: reading never throws; each command is one that the schema ' +
    'accepts, the same when it is read again, with amounts that are safe integers, or a refusal ' +
    'with code, message and advice; the reply to them can be sent and read',
  make: (chance: Chance) => {
    const { op, form, bytes } = wildRequest(chance);
    return { how: `${form} ${op}`, bytes };
  },
  check: (input: FuzzInput) => {
    const sent: { bytes: Uint8Array; contentType: string | undefined }[] = [];
    const message = messageOf(input, (bytes, contentType) => sent.push({ bytes, contentType }));
    const read = readMessage(message);
    hold(read !== undefined, 'a request is read');
    hold(read.agent === AGENT && read.team === TEAM, 'agent and team are those of the subject');
    const { length } = read.commands;
    hold(length >= 1 && length <= LIMITS.batchCommandsMax, 'there are 1 to 256 commands');
    for (const parsed of read.commands) {
      if (isRefusal(parsed)) holdRefusal(parsed);
      else holdCommand(parsed);
    }
    holdReply(message, read, sent);
  },
};

function messageOf(
  { how, bytes }: FuzzInput,
  respond: (bytes: Uint8Array, contentType: string | undefined) => void,
): Message {
  const [form, op = ''] = how.split(' ');
  return {
    subject: subjects.request(AGENT, TEAM, op).replace('bursar.req', 'bursar.shard.0.req'),
    data: bytes,
    contentType: form === 'json' ? JSON_TYPE : undefined,
    reply: '_INBOX_x',
    respond: (data, contentType) => {
      respond(data, contentType);
      return true;
    },
  };
}

function holdRefusal(refusal: Refusal): void {
  hold(Refusal.safeParse(refusal).success, 'a refusal has the shape of one');
  hold(
    refusal.message.length > 5 && refusal.message.length < 2_000,
    'a refusal says what is wrong',
  );
  hold(refusal.advice.length > 10, 'a refusal says what to do');
  hold(!refusal.retryable, 'what is wrong stays wrong');
  const sent = decode(encode(refusal), Number.MAX_SAFE_INTEGER);
  hold(isSame(sent, refusal), 'a refusal arrives as it was sent');
}

function holdCommand({ command, digest }: ParsedCommand): void {
  hold(OPS.has(command.op), 'a command has an op of ours');
  hold(Number.isSafeInteger(digest) && digest >= 0, 'a digest is a safe integer');
  const isOfTeam = !('path' in command) || command.path?.split('/')[0] === (command.path && TEAM);
  hold(isOfTeam, 'a command is of the team of its subject');
  holdAmounts(command);
  holdFinite(command);
  holdWholeText(command);
  hold(Command.safeParse(command).success, 'a command that was read is accepted again');
  const stored = decode(encode(command), Number.MAX_SAFE_INTEGER);
  hold(isSame(stored, command), 'a command is the same after it was stored');
  const again = parseCommand(stored, undefined, TEAM, AGENT);
  hold(!isRefusal(again), 'a command that was stored is read again');
  hold(isSame(again.command, command), 'a command is the same when it is read again');
  hold(again.digest === digest, 'a command has the same digest when it is read again');
}

function holdReply(
  message: Message,
  read: ReadMessage,
  sent: readonly { bytes: Uint8Array; contentType: string | undefined }[],
): void {
  const refusals = read.commands.filter(isRefusal);
  if (refusals.length < read.commands.length) return;
  sendReply(message, read, refusals);
  const [reply] = sent;
  hold(reply !== undefined && sent.length === 1, 'a refused message gets one reply');
  hold(reply.bytes.byteLength < REPLY_BYTES_MAX, 'a reply fits into a message');
  hold((reply.contentType === JSON_TYPE) === read.isJson, 'a reply has the form of its request');
  const body: unknown = read.isJson
    ? JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(reply.bytes))
    : decode(reply.bytes, REPLY_BYTES_MAX);
  const schema = read.isBatch ? BatchReply : Answer;
  hold(schema.safeParse(body).success, 'a reply can be read by a client');
}
