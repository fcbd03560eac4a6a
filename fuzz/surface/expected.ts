import { JSON_TYPE, type Message } from '../../bus/bus.ts';
import {
  type Answer,
  Answer as AnswerSchema,
  BatchReply,
  type Refusal,
} from '../../events/answers.ts';
import { decode } from '../../events/codec.ts';
import { subjects } from '../../events/subjects.ts';
import { isRefusal, type ReadMessage, readMessage } from '../../writer/read-message.ts';
import { isSame } from '../checks/same.ts';
import { hold } from '../target.ts';
import type { Post } from './post.ts';
import { TEAM } from './stage.ts';

const ANSWER_BYTES_MAX = 1_048_576;

/** A message as the writer reads it. */
function readPost({ sender, op, isJson, bytes }: Post): ReadMessage | undefined {
  return readMessage({
    subject: subjects.request(sender, TEAM, op).replace('bursar.req', 'bursar.shard.0.req'),
    data: bytes,
    contentType: isJson ? JSON_TYPE : undefined,
    reply: undefined,
    respond: () => false,
  });
}

/** Whether nothing in it can be decided. */
export function isMalformed(post: Post): boolean {
  return readPost(post)?.commands.every(isRefusal) ?? true;
}

/**
 * One answer for each command, in the form of the request; what cannot be read is refused with what
 * is wrong with it. @returns the answers @throws BrokenProperty
 */
export function holdReply(post: Post, reply: Message): readonly Answer[] {
  const read = readPost(post);
  hold(read !== undefined, 'a message is read');
  hold((reply.contentType === JSON_TYPE) === post.isJson, 'a reply has the form of its request');
  const body: unknown = post.isJson
    ? JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(reply.data))
    : decode(reply.data, ANSWER_BYTES_MAX);
  const parsed = read.isBatch ? BatchReply.safeParse(body) : AnswerSchema.safeParse(body);
  hold(parsed.success, 'a reply has the shape of one');
  const answers = read.isBatch ? (parsed.data as BatchReply).answers : [parsed.data as Answer];
  hold(answers.length === read.commands.length, 'there is an answer for each command');
  for (const [i, command] of read.commands.entries()) {
    if (isRefusal(command)) holdRefused(command, answers[i] as Answer);
  }
  return answers;
}

function holdRefused(expected: Refusal, answer: Answer): void {
  hold(answer.outcome === 'refused', 'what cannot be read is refused');
  hold(isSame(answer, expected), 'a refusal says what is wrong');
}
