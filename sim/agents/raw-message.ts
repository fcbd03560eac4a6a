import { JSON_TYPE, type Message } from '../../bus/bus.ts';
import { Answer, BatchReply } from '../../events/answers.ts';
import { decode, encode } from '../../events/codec.ts';
import { subjects } from '../../events/subjects.ts';
import type { RawJob, RawMessage } from '../plan/job.ts';
import type { CallEnd } from './call.ts';

/** Largest reply that the broker carries. */
const REPLY_BYTES_MAX = 1_048_576;

export function subjectOf({ agent, team, message }: RawJob): string {
  const { subjectAgent = agent, subjectTeam = team, subjectOp, shard } = message;
  return shard === undefined
    ? subjects.request(subjectAgent, subjectTeam, subjectOp)
    : `bursar.shard.${shard}.req.${subjectAgent}.${subjectTeam}.${subjectOp}`;
}

/** The bytes of a message and the content type that goes with them, if any. */
export function encodeRaw(message: RawMessage): {
  readonly data: Uint8Array;
  readonly contentType?: string;
} {
  const { form, content, contentType = form === 'json' ? JSON_TYPE : undefined } = message;
  const data = 'bytes' in content ? Buffer.from(content.bytes, 'base64') : encoded(message);
  return contentType === undefined ? { data } : { data, contentType };
}

/** What a message asks, as far as it says so. */
export function commandOf({ content }: RawMessage): unknown {
  return 'bytes' in content ? undefined : content.body;
}

function encoded({ form, content, paddingBytes }: RawMessage): Uint8Array {
  const plain = 'body' in content ? content.body : undefined;
  const isMap = typeof plain === 'object' && plain !== null && !Array.isArray(plain);
  const padding = { padding: 'x'.repeat(paddingBytes ?? 0) };
  const body = paddingBytes !== undefined && isMap ? { ...plain, ...padding } : plain;
  return form === 'json' ? new TextEncoder().encode(JSON.stringify(body)) : encode(body);
}

/**
 * The answer or answers in a reply.
 * @throws Error where it is none: then it is the writer's fault
 */
export function readReply({ data, contentType }: Message): CallEnd {
  const payload: unknown =
    contentType === JSON_TYPE
      ? JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data))
      : decode(data, REPLY_BYTES_MAX);
  const whole = BatchReply.safeParse(payload);
  if (whole.success) return { kind: 'answers', answers: whole.data.answers };
  return { kind: 'answer', answer: Answer.parse(payload) };
}
