import type { Answer, AnswerOf } from '../../events/answers.ts';
import type { BalanceLine } from '../../events/balance-line.ts';
import type { CommandInput } from '../../events/commands.ts';
import { LIMITS } from '../../events/limits.ts';
import { GovernorInMemory } from '../../writer/in-memory.ts';
import { ownSpends } from './own-spends.ts';
import type { BudgetRecord, Tier } from './record.ts';
import { resourceOf } from './resource-names.ts';
import { ScenarioTime, SOME_DAY_MS } from './scenario-time.ts';
import { nodeOf, ROOT, TierPaths } from './tier-paths.ts';

const OPERATOR = 'operator';

/** Scenarios of tiers count seconds. */
export const SECONDS = new ScenarioTime(SOME_DAY_MS, 1_000);

/** A hold of which the scenario does not say when it ends: the longest lease there is. */
export const LONGEST_S = SECONDS.unitsOf(LIMITS.leaseMsMax);

/** The tiers of a scenario as nodes of a governor in memory, and the way to ask it. */
export class Scene {
  readonly #governor: GovernorInMemory;
  readonly #paths: TierPaths;
  readonly #tiers: readonly Tier[];
  /** Tiers that have a window: they are reset some time. */
  readonly #resets: ReadonlySet<string | undefined>;
  readonly #usedIds = new Set<string>();

  /** @throws NoPath, and Error when the tiers cannot be set up */
  static async open(record: BudgetRecord): Promise<Scene> {
    const governor = await GovernorInMemory.start({ startsAtMs: SECONDS.instantMs(0) });
    const scene = new Scene(governor, record);
    try {
      await scene.#setUp();
    } catch (error) {
      await scene.close();
      throw error;
    }
    return scene;
  }

  private constructor(governor: GovernorInMemory, record: BudgetRecord) {
    this.#governor = governor;
    this.#paths = new TierPaths(record);
    this.#tiers = record.setup.tiers ?? [];
    const resets = record.operations.filter(({ op }) => op === 'reset');
    this.#resets = new Set(resets.map(({ tier }) => tier));
  }

  get paths(): TierPaths {
    return this.#paths;
  }

  /** Another writer begins from the log. */
  restart(): Promise<void> {
    return this.#governor.restart();
  }

  /** Every account of every node, as it is shown. */
  async books(): Promise<Readonly<Record<string, unknown>>> {
    const books: Record<string, unknown> = {};
    for (const node of this.#paths.nodes) {
      const path = this.#paths.pathOf(node);
      books[node] = (await this.expect('balance', { op: 'balance', path })).lines;
    }
    return books;
  }

  close(): Promise<void> {
    return this.#governor.stop();
  }

  ask(command: CommandInput): Promise<Answer> {
    if (command.id !== undefined) this.#usedIds.add(command.id);
    return this.#governor.ask(OPERATOR, ROOT, command);
  }

  /** Whether a command of this id was sent before. */
  isUsed(id: string | undefined): boolean {
    return id !== undefined && this.#usedIds.has(id);
  }

  pass(seconds: number): Promise<void> {
    return this.#governor.pass(SECONDS.durationMs(seconds));
  }

  setClock(atSeconds: number): Promise<void> {
    return this.#governor.setClock(SECONDS.instantMs(atSeconds));
  }

  /** When a lease ends of which an answer has just said how long it lasts. */
  async expiryOf({ expiresInMs }: { readonly expiresInMs: number }): Promise<number> {
    return SECONDS.timeOf(SECONDS.after(await this.now(), expiresInMs));
  }

  /** What time the governor says it is, in seconds: that of something recorded now. */
  async now(): Promise<number> {
    const id = `now-${this.#usedIds.size}`;
    await this.expect('enrolled', { op: 'enrol', id, agent: id, role: 'auditor', prefix: ROOT });
    const { events } = await this.expect('explained', { op: 'explain', of: id });
    const [event] = events as { readonly atMs: number }[];
    return SECONDS.timeOf(event?.atMs ?? Number.NaN);
  }

  /** A tier's own limit and use, with all beneath it; undefined where nothing is known of it. */
  async lineOf(tier: string): Promise<BalanceLine | undefined> {
    const { lines } = await this.balanceOf(tier);
    const resource = this.resourceOf(tier);
    return lines.find((line) => line.resource === resource);
  }

  balanceOf(tier: string): Promise<AnswerOf<'balance'>> {
    return this.expect('balance', { op: 'balance', path: this.pathOf(tier) });
  }

  pathOf(tier: string): string {
    return this.#paths.pathOf(nodeOf(tier));
  }

  resourceOf(tier: string): string {
    return resourceOf(tier, this.#tiers.find(({ id }) => id === tier)?.unit);
  }

  /** The tiers, of those that are limited, that lie at an account. */
  tiersAt(path: string, resource: string): readonly string[] {
    return this.#tiers
      .map(({ id }) => id)
      .filter((id) => this.pathOf(id) === path && this.resourceOf(id) === resource);
  }

  /** Asks, and fails unless the outcome is the expected one: something that must work. */
  async expect<O extends Answer['outcome']>(
    outcome: O,
    command: CommandInput,
  ): Promise<AnswerOf<O>> {
    const answer = await this.ask(command);
    if (answer.outcome === outcome) return answer as AnswerOf<O>;
    throw new Error(`${command.op} was not ${outcome}: ${JSON.stringify(answer)}`);
  }

  async #setUp(): Promise<void> {
    await this.expect('opened', { op: 'open', path: ROOT });
    for (const node of this.#paths.nodes) {
      const path = this.#paths.pathOf(node);
      const limited = this.#tiers.filter(({ id }) => nodeOf(id) === node);
      const limits = Object.fromEntries(
        limited.map(({ id, limit = null }) => [
          this.resourceOf(id),
          { limit, ...(this.#resets.has(id) ? { window: { every: 'manual' } } : {}) },
        ]),
      );
      await this.expect('opened', { op: 'open', path, limits });
    }
    for (const { tier, amount } of ownSpends(this.#tiers, this)) {
      const id = `spent-${this.#usedIds.size}`;
      const amounts = { [this.resourceOf(tier)]: amount };
      await this.expect('charged', { op: 'charge', id, path: this.pathOf(tier), amounts });
    }
  }
}
