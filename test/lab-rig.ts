import type { Answer } from '../events/answers.ts';
import type { BursarEvent, EventOf, EventType } from '../events/events.ts';
import { Notice } from '../events/notice.ts';
import type { Strategy } from '../events/strategy.ts';
import { subjects } from '../events/subjects.ts';
import { until } from './client-rig.ts';
import { assert } from './harness/suite.ts';
import { type Caller, eventsOf, parseJson, type Sent, WriterRig } from './writer-rig.ts';

/** Limits by resource: a number is the limit alone. */
export type Limits = Readonly<Record<string, number | object>>;
/** Amounts by resource: a number cannot be divided. */
export type Items = Readonly<Record<string, number | object>>;

/** How long whatever waits here may wait: longer than any test. */
export const wait = { maxWaitMs: 60_000 };

/** Policy by which waiting adds nothing, so that the order of those who wait is the same at any time. */
export const AGELESS = { aging: { step: 0 } };

/** A real server with a writer on it: the swarm acme/lab, in which ann and bob may do anything. */
export class Lab {
  readonly rig = new WriterRig();
  readonly #callers: { operator?: Caller; ann?: Caller; bob?: Caller } = {};
  readonly #heard: Notice[] = [];
  #nodeCount = 0;
  #idCount = 0;

  async start(): Promise<void> {
    await this.rig.start();
    this.#callers.operator = await this.rig.caller();
    await this.operator.expect('opened', { op: 'open', path: 'acme' });
    await this.operator.expect('opened', { op: 'open', path: 'acme/lab' });
    this.#callers.ann = await this.rig.enrolled('ann', 'acme', { priorityMax: 'emergency' });
    this.#callers.bob = await this.rig.enrolled('bob', 'acme', { priorityMax: 'emergency' });
    for (const caller of [this.ann, this.bob]) {
      caller.bus.subscribe(subjects.notices(caller.agent), ({ data }) => {
        this.#heard.push(Notice.parse(parseJson(data)));
      });
      await caller.bus.flush();
    }
  }

  get operator(): Caller {
    return started(this.#callers.operator);
  }

  get ann(): Caller {
    return started(this.#callers.ann);
  }

  get bob(): Caller {
    return started(this.#callers.bob);
  }

  /** Sets the policy of the team; what it leaves out is as by default. */
  async policy(policy: object): Promise<void> {
    await this.operator.expect('policy_set', { op: 'setPolicy', path: 'acme', policy });
  }

  /** A fresh swarm with limits of its own. */
  openSwarm(limits: Limits = {}): Promise<string> {
    return this.open('acme', limits);
  }

  /** A fresh run with limits of its own. */
  openRun(limits: Limits = {}, more: object = {}): Promise<string> {
    return this.open('acme/lab', limits, more);
  }

  /** A fresh node beneath another. */
  async open(under: string, limits: Limits = {}, more: object = {}): Promise<string> {
    this.#nodeCount += 1;
    const path = `${under}/n-${this.#nodeCount}`;
    const sent = { op: 'open', path, limits: inFull(limits, 'limit'), ...more };
    await this.operator.expect('opened', sent);
    return path;
  }

  /** An id that nobody has used. */
  newId(): string {
    this.#idCount += 1;
    return `q-${this.#idCount}`;
  }

  request(path: string, items: Items, more: object = {}): Sent & { readonly id: string } {
    return { op: 'request', id: this.newId(), path, items: inFull(items, 'amount'), ...more };
  }

  /** The events that stand in the block that an answer names. */
  async behind(answer: Answer): Promise<BursarEvent[]> {
    assert.ok(answer.evidence, `${answer.outcome} has evidence: ${JSON.stringify(answer)}`);
    return eventsOf(await this.rig.log(), answer.evidence?.seq ?? 0);
  }

  /** The event of one type that stands in the block that an answer names. */
  async eventBehind<T extends EventType>(answer: Answer, type: T): Promise<EventOf<T>> {
    const events = await this.behind(answer);
    const found = events.find((event): event is EventOf<T> => event.type === type);
    if (found !== undefined) return found;
    throw new Error(`no ${type} in ${events.map((event) => event.type).join(', ')}`);
  }

  /** The strategy that was selected for a request and the rule that chose it, from the log. */
  async selectedFor(answer: Answer): Promise<{ strategy: Strategy; rule: string }> {
    const { strategy, rule, factors } = await this.eventBehind(answer, 'StrategySelected');
    assert.ok('rule' in answer && answer.outcome !== 'would_need_approval');
    // After an eviction in the same decision the answer says so; the table's rule is in the log.
    if (answer.rule === 'preempted') return { strategy, rule };
    assert.is(answer.rule, rule, 'the answer names the rule that is recorded');
    for (const [name, value] of Object.entries(factors ?? {})) {
      assert.equal(answer.factors?.[name], value, `the answer names the ${name} that is recorded`);
    }
    return { strategy, rule };
  }

  /** The notices so far about a request or allocation, oldest first. */
  heardOf(id: string): Notice[] {
    return this.#heard.filter((one) => one.id === id || one.allocations?.includes(id));
  }

  /** Waits for the notice of a kind about a request or allocation. */
  async told(kind: Notice['kind'], id: string): Promise<Notice> {
    const find = () => this.heardOf(id).find((one) => one.kind === kind);
    await until(`${kind} of ${id}`, () => find() !== undefined, 10_000);
    return find() as Notice;
  }

  /** The recorded events of one type that name one of these ids, oldest first. */
  async recorded<T extends EventType>(type: T, ids: readonly string[]): Promise<EventOf<T>[]> {
    const events = await this.rig.events(type);
    return events.filter((event) => {
      const { id, allocation, request } = event as Partial<Record<string, unknown>>;
      return [id, allocation, request].some((name) => ids.includes(String(name)));
    });
  }

  close(): Promise<void> {
    return this.rig.close();
  }
}

function started(caller: Caller | undefined): Caller {
  if (caller === undefined) throw new Error('start the lab first');
  return caller;
}

function inFull(amounts: Limits | Items, field: 'limit' | 'amount'): object {
  return Object.fromEntries(
    Object.entries(amounts).map(([resource, one]) => [
      resource,
      typeof one === 'number' ? { [field]: one } : one,
    ]),
  );
}
