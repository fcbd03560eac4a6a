import type { AskInput, BursarClient } from '../../client/client.ts';
import type { Actual } from '../../client/inputs.ts';
import type { Answer, AnswerOf } from '../../events/answers.ts';
import type { CommandInput } from '../../events/commands.ts';
import type { Notice } from '../../events/notice.ts';
import { durationText } from '../../workload/number-text.ts';
import { answerText } from '../answer-text.ts';
import type { Screen } from '../screen.ts';
import { showAmounts } from '../values.ts';

/** Longest wait for a notice that a story counts on. */
const NOTICE_MS_MAX = 20_000;

/** What is told of a scenario: one step as it happened. */
export type Step = {
  readonly act: string;
  readonly words: string;
  readonly answer?: Answer;
  readonly notice?: Notice;
};

/**
 * Where a scenario is played: real agents ask a real governor, and each answer and notice is told
 * the moment it comes. Waits only for what the story needs to go on.
 */
export class Stage {
  readonly steps: Step[] = [];
  readonly #screen: Screen;
  readonly #clients: ReadonlyMap<string, BursarClient>;
  readonly #heard: { readonly agent: string; readonly notice: Notice }[] = [];
  #listeners: (() => void)[] = [];
  #act = '';

  constructor(screen: Screen, clients: ReadonlyMap<string, BursarClient>) {
    this.#screen = screen;
    this.#clients = clients;
    for (const [agent, client] of clients) {
      client.onNotice((notice) => {
        this.#heard.push({ agent, notice });
        for (const wake of this.#listeners.splice(0)) wake();
      });
    }
  }

  /** A new part of the story. */
  act(title: string, words: string): void {
    this.#act = title;
    this.#screen.say(`\n${this.#screen.paint.bold(title)}\n${words}\n`);
  }

  /** A request; it is not waited for where it is queued. */
  async ask(agent: string, id: string, path: string, ask: AskInput, words: string): Promise<void> {
    await this.send(agent, { op: 'request', id, path, ...ask }, words);
  }

  /** What a request would come to, without asking for anything. */
  async wonder(agent: string, path: string, ask: AskInput, words: string): Promise<void> {
    const answer = await this.#client(agent).dryRun(path, ask);
    this.#tell(`${agent} ${words}`, answer);
  }

  /** An allocation is settled with what was used. */
  async settle(agent: string, allocation: string, actual: Actual): Promise<void> {
    const answer = await this.#client(agent).settle(allocation, actual);
    this.#tell(`${agent} is done with ${allocation}`, answer);
  }

  /** Anything else, by the operator or an agent. */
  async send(agent: string, command: CommandInput, words: string): Promise<void> {
    this.#tell(`${agent} ${words}`, await this.#client(agent).send(command));
  }

  /** Waits for a notice to an agent and tells it. @throws when it does not come */
  async hear(agent: string, kind: Notice['kind']): Promise<void> {
    const untilMs = Date.now() + NOTICE_MS_MAX;
    for (;;) {
      const at = this.#heard.findIndex(
        ({ agent: to, notice }) => to === agent && notice.kind === kind,
      );
      const found = this.#heard[at];
      if (found !== undefined) {
        this.#heard.splice(at, 1);
        this.#tellNotice(agent, found.notice);
        return;
      }
      if (Date.now() > untilMs) throw new Error(`no notice '${kind}' came to ${agent}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.#listeners.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #client(agent: string): BursarClient {
    const client = this.#clients.get(agent);
    if (client === undefined) throw new Error(`${agent} is not in the cast`);
    return client;
  }

  #tell(words: string, answer: Answer): void {
    this.steps.push({ act: this.#act, words, answer });
    const { paint } = this.#screen;
    // The factors fill a line and a half each time; explain shows them.
    const lines = answerText(answer, paint)
      .replace(/^( *rule \S+) \(.*\)$/m, '$1')
      .split('\n');
    this.#screen.say([`  ${words}`, ...lines.map((line) => `    ${line}`)].join('\n'));
  }

  #tellNotice(agent: string, notice: Notice): void {
    const { paint } = this.#screen;
    this.steps.push({ act: this.#act, words: `${agent} hears ${notice.kind}`, notice });
    const words = `${paint.cyan('notice')} to ${agent}: ${noticeText(notice)}`;
    this.#screen.say(`  ${words}`);
  }
}

function noticeText({ kind, id, allocations = [], graceMs, answer }: Notice): string {
  switch (kind) {
    case 'granted': {
      const got = answer as AnswerOf<'granted'> | undefined;
      const what = got === undefined ? '' : `: ${showAmounts(got.granted)}`;
      const waited = got?.waitedMs === undefined ? '' : ` after ${durationText(got.waitedMs)}`;
      return `${id} is granted${what}${waited}`;
    }
    case 'preempt':
      return `${allocations.join(', ')} must yield to ${id} within ${durationText(graceMs ?? 0)}`;
    case 'preempted':
      return `${id} has been taken; what it still needs waits again`;
    default:
      return `${id}: ${kind}`;
  }
}
