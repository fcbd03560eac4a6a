import { JSON_TYPE } from '../../bus/bus.ts';
import { Answer, type Evidence } from '../../events/answers.ts';
import { decode } from '../../events/codec.ts';
import type { ParsedCommand } from '../../writer/parse-command.ts';
import { isRefusal, readMessage } from '../../writer/read-message.ts';
import type { TranscriptEntry, TranscriptReply } from '../world/transcript.ts';

/** Largest reply that the broker carries. */
const REPLY_BYTES_MAX = 1_048_576;

/** One answer as it left a writer. */
export interface GivenAnswer {
  readonly answer: Answer;
  readonly repliedAtMs: number;
  /** Of the newest block that the whole reply looked at. */
  readonly evidence: Partial<Evidence> | undefined;
}

/** One command of a message to a writer, with every answer that it got. */
export interface Exchange {
  readonly agent: string;
  readonly team: string;
  readonly sentAtMs: number;
  readonly op: string;
  /** Undefined where no command could be read. */
  readonly command: ParsedCommand['command'] | undefined;
  readonly answers: readonly GivenAnswer[];
  /** How often the message reached a writer: more than once where it was doubled on its way. */
  readonly arrivalCount: number;
}

/** The commands of a message, read as the writer reads them, with their answers in their places. */
export function exchangesOf(entry: TranscriptEntry): Exchange[] {
  const { agent, team, op, contentType, bytes, sentAtMs, arrivals, replies } = entry;
  const read = readMessage({
    subject: `bursar.shard.0.req.${agent}.${team}.${op}`,
    data: bytes,
    contentType,
    reply: undefined,
    respond: () => false,
  });
  const commands = read?.commands ?? [];
  const decoded = replies.map((reply) => answersIn(reply, commands.length));
  return commands.map((parsed, place) => ({
    agent,
    team,
    sentAtMs,
    op,
    command: isRefusal(parsed) ? undefined : parsed.command,
    answers: decoded.flatMap(({ answers, evidence }, i): GivenAnswer[] => {
      const answer = answers[place];
      const { repliedAtMs } = replies[i] as TranscriptReply;
      return answer === undefined ? [] : [{ answer, repliedAtMs, evidence }];
    }),
    arrivalCount: arrivals.length,
  }));
}

function answersIn({ bytes, contentType }: TranscriptReply, count: number) {
  const text = () => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  const payload = (
    contentType === JSON_TYPE ? JSON.parse(text()) : decode(bytes, REPLY_BYTES_MAX)
  ) as { outcome?: unknown; answers?: unknown[]; evidence?: Partial<Evidence> };
  if (payload.outcome === 'batch') {
    const answers = (payload.answers ?? []).map((one) => Answer.parse(one));
    return { answers, evidence: payload.evidence };
  }
  const answer = Answer.parse(payload);
  // A message that is refused as a whole: that is the answer to each of its commands.
  return { answers: Array.from({ length: count }, () => answer), evidence: undefined };
}
