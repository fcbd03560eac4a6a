import { type DecisionEvent, isDecision } from '../events/decision-event.ts';
import { adviceOnDenial, DENIALS } from '../events/denials.ts';
import type { AccountName, Factors } from '../events/events.ts';
import { parentPathOf } from '../events/names.ts';
import { idsIn } from './audit-trail.ts';
import { type Recorded, UnfitEventError } from './projection.ts';
import { type Situation, type Situations, situationBefore, situations } from './situation.ts';
import { type StoryLine, storyOf } from './story.ts';

/** One decision on a request, with everything that it rested on. */
export interface ExplainedDecision {
  readonly at: Recorded['at'];
  readonly atMs: number;
  readonly outcome: 'granted' | 'partial' | 'denied' | 'queued' | 'preempting';
  readonly rule: string;
  readonly factors: Factors;
  /** Of a denial: who has to act, how bad it is, and what to do. */
  readonly recovery: Recovery | null;
  /** The strategy that was in force in the contest; null where there was no contest. */
  readonly strategy: string | null;
  readonly contest: string | null;
  readonly situation: Situation;
}

/** A way out of a denial (I-05). */
export interface Recovery {
  readonly class: string;
  readonly severity: string;
  readonly advice: string;
}

/** Why an id came to what it came to. */
export interface Explanation {
  readonly team: string;
  readonly id: string;
  /** Empty where the id is no request's. */
  readonly decisions: readonly ExplainedDecision[];
  /** Every event that speaks of the id, and of the contests that it was in. */
  readonly story: readonly StoryLine[];
}

/** An open contest, as the log tells it. */
interface Contest {
  readonly id: string;
  readonly account: AccountName;
  readonly recorded: Recorded[];
  strategy: string | null;
}

/**
 * Explains an id while a log goes by: give it every event of the shard in order, then ask for the
 * result. One pass; what was true at each decision is replayed, not remembered by anybody.
 */
export class Explainer {
  readonly #id: string;
  readonly #team: string | undefined;
  readonly #state: Situations = situations.initial();
  /** By team. */
  readonly #found = new Map<string, { decisions: ExplainedDecision[]; recorded: Recorded[] }>();
  /** By team, path and resource. */
  readonly #contests = new Map<string, Contest>();

  #unfitCount = 0;

  /** @param team undefined: every team of the shard that knows the id */
  constructor(id: string, team?: string) {
    this.#id = id;
    this.#team = team;
  }

  take(recorded: Recorded): void {
    const { event, at } = recorded;
    this.#followContest(recorded);
    const isOfTeam = this.#team === undefined || this.#team === event.team;
    if (isOfTeam && idsIn(event).has(this.#id)) this.#note(recorded);
    try {
      situations.evolve(this.#state, event, at);
    } catch (error) {
      if (!(error instanceof UnfitEventError)) throw error;
      this.#unfitCount += 1;
    }
  }

  /** Events that contradicted the ones before them: with any, what is shown may be wrong. */
  get unfitCount(): number {
    return this.#unfitCount;
  }

  /** One explanation for each team that knows the id; none where nobody does. */
  result(): Explanation[] {
    return [...this.#found].map(([team, { decisions, recorded }]) => ({
      team,
      id: this.#id,
      decisions,
      story: storyOf(recorded),
    }));
  }

  #note(recorded: Recorded): void {
    const { event } = recorded;
    let found = this.#found.get(event.team);
    if (found === undefined) {
      found = { decisions: [], recorded: [] };
      this.#found.set(event.team, found);
    }
    if (isDecision(event) && event.id === this.#id) {
      const contest = this.#contestOf(event);
      for (const one of contest?.recorded ?? []) insert(found.recorded, one);
      found.decisions.push({
        at: recorded.at,
        atMs: event.atMs,
        outcome: outcomeOf(event),
        rule: event.rule,
        factors: event.factors ?? {},
        recovery: recoveryOf(event),
        strategy: contest?.strategy ?? null,
        contest: contest?.id ?? null,
        situation: situationBefore(this.#state, event, contest?.account),
      });
    }
    insert(found.recorded, recorded);
  }

  #followContest(recorded: Recorded): void {
    const { event } = recorded;
    if (event.type === 'ContentionDetected') {
      const { contest, account } = event;
      const key = `${event.team}|${account.path}|${account.resource}`;
      this.#contests.set(key, { id: contest, account, recorded: [recorded], strategy: null });
    }
    if (event.type !== 'StrategySelected' && event.type !== 'ContestEnded') return;
    for (const [key, contest] of this.#contests) {
      if (contest.id !== event.contest || !key.startsWith(`${event.team}|`)) continue;
      if (event.type === 'ContestEnded') this.#contests.delete(key);
      else {
        contest.strategy = event.strategy;
        contest.recorded.push(recorded);
      }
    }
  }

  /**
   * The contest in which a decision was made: on the account that it names or was short of; for one
   * that only met a queue, the outermost contest on its path.
   */
  #contestOf(event: DecisionEvent): Contest | undefined {
    const accounts: AccountName[] = 'account' in event ? [event.account] : [];
    const waiting = this.#state.queue.get(event.team)?.waiting.get(event.id);
    if (waiting !== undefined) accounts.push(waiting.account);
    // Innermost first; the contest is on the outermost.
    if ('short' in event) accounts.push(...[...(event.short ?? [])].reverse());
    if (!('via' in event && event.via === 'request' && event.rule === FITS)) {
      accounts.push(...accountsOnPath(event));
    }
    for (const { path, resource } of accounts) {
      const contest = this.#contests.get(`${event.team}|${path}|${resource}`);
      if (contest !== undefined) return contest;
    }
    return undefined;
  }
}

/** The rule of a grant that met nobody. */
const FITS = 'fits';

/** The accounts that an ask touches, the team's first. */
function accountsOnPath({ ask }: DecisionEvent): AccountName[] {
  const paths: string[] = [];
  for (let at: string | undefined = ask.path; at !== undefined; at = parentPathOf(at)) {
    paths.unshift(at);
  }
  return paths.flatMap((path) => Object.keys(ask.items).map((resource) => ({ path, resource })));
}

function insert(list: Recorded[], recorded: Recorded): void {
  const isThere = list.some(
    ({ at }) => at.seq === recorded.at.seq && at.index === recorded.at.index,
  );
  if (isThere) return;
  const after = list.findIndex(
    ({ at }) =>
      at.seq > recorded.at.seq || (at.seq === recorded.at.seq && at.index > recorded.at.index),
  );
  list.splice(after === -1 ? list.length : after, 0, recorded);
}

function recoveryOf(event: DecisionEvent): Recovery | null {
  if (event.type !== 'RequestDenied') return null;
  const { class: errorClass, severity } = DENIALS[event.reason];
  return { class: errorClass, severity, advice: adviceOnDenial(event) };
}

function outcomeOf(event: DecisionEvent): ExplainedDecision['outcome'] {
  switch (event.type) {
    case 'AllocationGranted':
      return event.partial ? 'partial' : 'granted';
    case 'RequestDenied':
      return 'denied';
    case 'RequestQueued':
      return 'queued';
    case 'PreemptionRequested':
      return 'preempting';
    default:
      return event satisfies never;
  }
}
