import { AnswerWindow } from './answer-window.ts';
import { Findings } from './bench.ts';
import { Docket, type Owed } from './docket.ts';
import { fold } from './fold.ts';
import type { Recorded, TeamHistory, Violation } from './history.ts';
import { isDecision, judge } from './judge.ts';
import { DecisionIndex, judgeAnswers } from './judge-answers.ts';
import { judgeConflicts } from './judge-conflicts.ts';
import { judgeOverdraw } from './judge-overdraw.ts';
import { judgeQuiet } from './judge-quiet.ts';
import { judgeSums, shortAccounts } from './judge-sums.ts';
import { SentIndex } from './sent-index.ts';
import { newState, type State } from './state.ts';

/**
 * Judges the history of one team by the semantics alone: each durable event in the state before
 * it, given the commands that were sent, then every answer. Empty: nothing is wrong.
 */
export function judgeTeam(history: TeamHistory): Violation[] {
  const judging = new TeamJudge(history);
  for (const one of history.events) judging.take(one);
  judging.end();
  return judging.violations;
}

/** The same event by event, for who judges while a run goes on. */
export class TeamJudge {
  /** The books after what was taken so far. */
  readonly state: State;
  readonly #history: Omit<TeamHistory, 'events'>;
  readonly #taken: Recorded[] = [];
  readonly #findings = new Findings();
  readonly #sent: SentIndex | null;
  readonly #window: AnswerWindow;
  readonly #docket = new Docket();
  #short: ReadonlyMap<string, number> = new Map();

  constructor(history: Omit<TeamHistory, 'events'>) {
    const { team, sent, answers = [], staleMs = 0 } = history;
    this.state = newState(team);
    this.#history = history;
    this.#sent = sent === undefined ? null : new SentIndex(sent);
    this.#window = new AnswerWindow(answers, staleMs, this.#findings);
  }

  get violations(): Violation[] {
    return this.#findings.violations;
  }

  /** Judges the next event of the log and takes it into the books. */
  take(one: Recorded): void {
    const { event, at } = one;
    const find = (rule: string, message: string, id?: string) =>
      this.#findings.add(rule, `${event.type}: ${message}`, at, id);
    this.#window.look(this.state, one.storedAtMs ?? event.atMs);
    if (isDecision(this.state, event)) {
      judgeQuiet(this.state, event.atMs, find);
      this.#closeDocket();
    }
    const owe = (owed: Owed) => this.#docket.owe(owed);
    this.#docket.take(event);
    judge({ state: this.state, event, at, sent: this.#sent, find, owe });
    fold(this.state, one);
    judgeSums(this.state, find);
    const short = shortAccounts(this.state);
    judgeOverdraw(event, this.#short, short, find);
    this.#short = short;
    this.#taken.push(one);
  }

  #closeDocket(): void {
    for (const { rule, message, id } of this.#docket.close()) {
      this.#findings.add(rule, message, undefined, id);
    }
  }

  /** The log is over: answers are held against all of it. */
  end(): void {
    this.#closeDocket();
    this.#window.end(this.state);
    const { answers = [], sent = [] } = this.#history;
    judgeAnswers(answers, sent, new DecisionIndex(this.#taken), this.#findings);
    judgeConflicts(answers, this.#findings);
  }
}
