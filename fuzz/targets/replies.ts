import { type Bus, JSON_TYPE, type Message } from '../../bus/bus.ts';
import { BadAnswerError } from '../../client/errors.ts';
import { Notices } from '../../client/notices.ts';
import { readAnswers } from '../../client/replies.ts';
import { Answer } from '../../events/answers.ts';
import { Notice } from '../../events/notice.ts';
import { subjects } from '../../events/subjects.ts';
import type { Chance } from '../chance.ts';
import { holdFinite } from '../checks/amounts.ts';
import { answerSample, noticeSample } from '../make/samples.ts';
import { type Form, wildBytes } from '../make/wild.ts';
import { type FuzzInput, hold, type Target } from '../target.ts';

const AGENT = 'wile';
const TEAM = 'acme';
const COUNT_MAX = 4;

/** What a client reads. */
export const repliesTarget: Target = {
  name: 'replies',
  about:
    'replies and notices as the client reads them: as many answers as commands, each an answer or ' +
    'the error `bad_answer`; a notice is handed on as it was sent to this agent, or dropped',
  make: (chance: Chance) => {
    const form: Form = chance.oneIn(2) ? 'json' : 'msgpack';
    const count = 1 + chance.upTo(COUNT_MAX - 1);
    const answers = Array.from({ length: count }, () => answerSample(chance));
    const kind = chance.pick(['single', 'batch', 'notice'] as const);
    if (kind === 'single')
      return { how: `${form} single 1`, bytes: wildBytes(answers[0], form, chance) };
    if (kind === 'batch') {
      const reply = { outcome: 'batch', answers };
      return { how: `${form} batch ${count}`, bytes: wildBytes(reply, form, chance) };
    }
    const notice = noticeSample(chance) as Notice;
    const ours = { ...notice, team: TEAM, subject: subjects.notice(AGENT, TEAM, notice.kind) };
    return { how: `${form} notice ${notice.kind}`, bytes: wildBytes(ours, form, chance) };
  },
  check: ({ how, bytes }: FuzzInput) => {
    const [form, kind, detail = ''] = how.split(' ');
    const contentType = form === 'json' ? JSON_TYPE : undefined;
    if (kind === 'notice') checkNotice(bytes, contentType, detail);
    else checkReply(bytes, contentType, Number(detail), kind === 'batch');
  },
};

function messageOf(subject: string, data: Uint8Array, contentType: string | undefined): Message {
  return { subject, data, contentType, reply: undefined, respond: () => false };
}

function checkReply(
  bytes: Uint8Array,
  contentType: string | undefined,
  count: number,
  isBatch: boolean,
): void {
  let answers: (Answer | BadAnswerError)[];
  try {
    answers = readAnswers(messageOf('_INBOX_x', bytes, contentType), count, isBatch);
  } catch (error) {
    if (!(error instanceof BadAnswerError)) throw error;
    return;
  }
  hold(answers.length === count, 'there are as many answers as commands');
  for (const answer of answers) {
    if (answer instanceof BadAnswerError) continue;
    hold(Answer.safeParse(answer).success, 'an answer is accepted again');
    if (answer.outcome !== 'explained') holdFinite(answer);
  }
}

function checkNotice(bytes: Uint8Array, contentType: string | undefined, kind: string): void {
  let deliver: (message: Message) => void = () => {};
  const bus = {
    subscribe: (_subject: string, handler: (message: Message) => void) => {
      deliver = handler;
      return { unsubscribe: () => {}, drain: async () => {} };
    },
  } as unknown as Bus;
  const warnings: Error[] = [];
  const notices = new Notices(bus, AGENT, TEAM, (warning) => warnings.push(warning));
  const heard: Notice[] = [];
  notices.on((notice) => heard.push(notice));
  const subject = subjects.notice(AGENT, TEAM, kind);
  deliver(messageOf(subject, bytes, contentType));
  hold(heard.length + notices.droppedCount === 1, 'a notice is handed on or dropped');
  hold(warnings.length === 0, 'a notice causes no warning');
  for (const notice of heard) {
    hold(Notice.safeParse(notice).success, 'a notice has the shape of one');
    hold(notice.subject === subject && notice.team === TEAM, 'a notice is for this agent');
  }
}
