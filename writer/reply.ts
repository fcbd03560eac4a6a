import { JSON_TYPE, type Message, MSGPACK } from '../bus/bus.ts';
import type { Answer, Evidence, Refusal } from '../events/answers.ts';
import { encode } from '../events/codec.ts';
import { refuse } from '../events/refusals.ts';
import type { ReadMessage } from './read-message.ts';

/** A reply of more is not sent; the broker takes 1 MiB with its headers. */
const REPLY_BYTES_MAX = 1_000_000;

/** Finds the hash of a block as text; undefined where it is not at hand. */
export type HashOf = (seq: number) => string | undefined;

/**
 * Sends the answers to a message in the form of its request. A single answer carries the hash of
 * the block in which it stands, a batch that of its newest block.
 * @param newestSeq the newest block that a batch has waited for
 * @returns false when the connection is away
 */
export function sendReply(
  message: Message,
  read: Pick<ReadMessage, 'isBatch' | 'isJson'>,
  answers: readonly Answer[],
  hashOf: HashOf = () => undefined,
  newestSeq?: number,
): boolean {
  const encoder = read.isJson ? encodeJson : encode;
  const type = read.isJson ? JSON_TYPE : MSGPACK;
  const compose = (fitting: readonly Answer[]) =>
    encoder(read.isBatch ? batchReply(fitting, hashOf, newestSeq) : single(fitting[0], hashOf));
  const bytes = compose(answers);
  if (bytes.byteLength <= REPLY_BYTES_MAX) return message.respond(bytes, type);
  const excess = bytes.byteLength - REPLY_BYTES_MAX;
  return message.respond(compose(shortened(answers, excess, encoder)), type);
}

function single(answer: Answer | undefined, hashOf: HashOf): Answer | undefined {
  if (answer?.evidence === undefined) return answer;
  return { ...answer, evidence: withHash(answer.evidence, hashOf) };
}

function batchReply(answers: readonly Answer[], hashOf: HashOf, newestSeq: number | undefined) {
  if (newestSeq === undefined) return { outcome: 'batch', answers };
  const shard = answers.find(({ evidence }) => evidence !== undefined)?.evidence?.shard;
  const evidence = { shard, seq: newestSeq, hash: hashOf(newestSeq) };
  return { outcome: 'batch', answers, ...(shard === undefined ? {} : { evidence }) };
}

function withHash(evidence: Evidence, hashOf: HashOf): Evidence {
  const hash = hashOf(evidence.seq);
  return hash === undefined ? evidence : { ...evidence, hash };
}

/** Outcomes of reads, which can be asked again in smaller portions. */
const READ_OUTCOMES: ReadonlySet<Answer['outcome']> = new Set([
  'balance',
  'explained',
  'queue',
  'emergencies',
]);

/** Leaves the largest reads out, and of decisions what `explain` can tell, until it fits. */
function shortened(
  answers: readonly Answer[],
  excess: number,
  encoder: (value: unknown) => Uint8Array,
): Answer[] {
  const fitting = [...answers];
  const sizes = answers.map((answer) => encoder(answer).byteLength);
  const largestFirst = sizes.map((_, i) => i).sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
  let left = excess;
  for (const i of largestFirst) {
    if (left <= 0) break;
    const answer = fitting[i] as Answer;
    const shorter = READ_OUTCOMES.has(answer.outcome)
      ? tooLarge(sizes[i] ?? 0)
      : withoutDetail(answer);
    left -= (sizes[i] ?? 0) - encoder(shorter).byteLength;
    fitting[i] = shorter;
  }
  return fitting;
}

function tooLarge(bytes: number): Refusal {
  return refuse('oversize', `the answer would have ${bytes} bytes; ask for less, or on its own`);
}

function withoutDetail(answer: Answer): Answer {
  if (answer.outcome !== 'denied') return answer;
  const { short, factors, ...rest } = answer;
  return { ...rest, ...(short === undefined ? {} : { short: short.slice(-1) }) };
}

const text = new TextEncoder();

function encodeJson(value: unknown): Uint8Array {
  return text.encode(JSON.stringify(value));
}
