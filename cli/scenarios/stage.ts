import type { AskInput, BursarClient } from '../../client/client.ts';
import type { Actual } from '../../client/inputs.ts';
import type { Answer, AnswerOf, Emergency } from '../../events/answers.ts';
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
  readonly emergency?: Emergency;
};

type Heard = { readonly agent: string; readonly notice: Notice };

/** The story was broken off. */
export class BrokenOffError extends Error {
  override readonly name = 'BrokenOffError';
}

/**
 * Where a scenario is played: real agents ask a real governor, and each answer and notice is told
 * the moment it comes. Waits only for what the story needs to go on.
 */
export class Stage {
  readonly steps: Step[] = [];
  readonly #screen: Screen;
  readonly #clients: ReadonlyMap<string, BursarClient>;
  readonly #heard: Heard[] = [];
  readonly #alarms: Emergency[] = [];
  readonly #signal: AbortSignal;
  #listeners: (() => void)[] = [];
  #act = '';

  /** @param signal breaks the story off: whatever is to happen next throws BrokenOffError */
  constructor(screen: Screen, clients: ReadonlyMap<string, BursarClient>, signal: AbortSignal) {
    this.#screen = screen;
    this.#clients = clients;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    for (const [agent, client] of clients) {
      client.onNotice((notice) => {
        this.#heard.push({ agent, notice });
        this.#wake();
      });
    }
    clients.get('operator')?.onEmergency((emergency) => {
      this.#alarms.push(emergency);
      this.#wake();
    });
  }

  /** A new part of the story. */
  act(title: string, words: string): void {
    this.#goOn();
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
    const isIt = (one: Heard) => one.agent === agent && one.notice.kind === kind;
    const { notice } = await this.#next(this.#heard, isIt, `notice '${kind}' to ${agent}`);
    this.#tellNotice(agent, notice);
  }

  /**
   * Waits for what the subscribers of the team are told next of a kind, and tells it.
   * @param about words that it has to contain
   * @throws when it does not come
   */
  async alarm(kind: string, about = ''): Promise<void> {
    const isIt = (one: Emergency) => one.kind === kind && one.detail.includes(about);
    const emergency = await this.#next(this.#alarms, isIt, `emergency '${kind}'`);
    this.#tellEmergency(emergency);
  }

  /** Takes the first that is meant out of what has come, or waits for it. */
  async #next<One>(come: One[], isIt: (one: One) => boolean, what: string): Promise<One> {
    const untilMs = Date.now() + NOTICE_MS_MAX;
    for (;;) {
      this.#goOn();
      const at = come.findIndex(isIt);
      const [found] = at === -1 ? [] : come.splice(at, 1);
      if (found !== undefined) return found;
      if (Date.now() > untilMs) throw new Error(`no ${what} came`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.#listeners.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #wake(): void {
    for (const wake of this.#listeners.splice(0)) wake();
  }

  /** @throws BrokenOffError */
  #goOn(): void {
    if (this.#signal.aborted) throw new BrokenOffError('the story was broken off');
  }

  #client(agent: string): BursarClient {
    this.#goOn();
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

  #tellEmergency(emergency: Emergency): void {
    const { paint } = this.#screen;
    const { kind, detail } = emergency;
    this.steps.push({ act: this.#act, words: `all hear ${kind}`, emergency });
    const isGood = kind === 'recovering' || kind === 'recovered';
    this.#screen.say(`  ${(isGood ? paint.green : paint.red)(kind)} to all: ${detail}`);
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
    case 'stop':
      return `${allocations.join(', ')} must end within ${durationText(graceMs ?? 0)}`;
    case 'fenced':
      return `${id} did not end in time and is fenced off`;
    case 'denied':
      return `${id} is denied${answer?.outcome === 'denied' ? `: ${answer.message}` : ''}`;
    case 'preempted':
      return `${id} has been taken; what it still needs waits again`;
    default:
      return `${id}: ${kind}`;
  }
}
