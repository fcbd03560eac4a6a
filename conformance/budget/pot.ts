import type { Answer, AnswerOf } from '../../events/answers.ts';
import type { BalanceLine } from '../../events/balance-line.ts';
import type { CommandInput } from '../../events/commands.ts';
import { GovernorInMemory } from '../../writer/in-memory.ts';

const TEAM = 'scenario';
const OPERATOR = 'operator';

/** Where the money of a scenario without tiers lies. */
export const POT = `${TEAM}/pot`;
export const MONEY = 'credits';

type Limits = NonNullable<Extract<CommandInput, { op: 'open' }>['limits']>;

/** One node with one account of money, in a governor in memory. */
export class Pot {
  readonly #governor: GovernorInMemory;
  readonly #uses = new Set<string>();

  /** @throws Error when the pot cannot be opened so */
  static async open(startsAtMs: number, money: Limits[string]): Promise<Pot> {
    const pot = new Pot(await GovernorInMemory.start({ startsAtMs }));
    try {
      await pot.expect('opened', { op: 'open', path: TEAM });
      await pot.expect('opened', { op: 'open', path: POT, limits: { [MONEY]: money } });
    } catch (error) {
      await pot.close();
      throw error;
    }
    return pot;
  }

  private constructor(governor: GovernorInMemory) {
    this.#governor = governor;
  }

  /** Asks, and fails unless the outcome is the expected one. */
  async expect<O extends Answer['outcome']>(
    outcome: O,
    command: CommandInput,
  ): Promise<AnswerOf<O>> {
    const answer = await this.#governor.ask(OPERATOR, TEAM, command);
    if (answer.outcome === outcome) return answer as AnswerOf<O>;
    throw new Error(`${command.op} was not ${outcome}: ${JSON.stringify(answer)}`);
  }

  /** Books use of money. @param agoMs how long ago it was used */
  async charge(amount: number, agoMs = 0): Promise<void> {
    const late = agoMs === 0 ? {} : { agoMs };
    const id = `use-${this.#uses.size}`;
    this.#uses.add(id);
    const amounts = { [MONEY]: amount };
    await this.expect('charged', { op: 'charge', id, path: POT, amounts, ...late });
  }

  /** The account as it stands, with its history. */
  async line(): Promise<BalanceLine> {
    const { lines } = await this.expect('balance', { op: 'balance', path: POT, history: true });
    const line = lines.find(({ resource }) => resource === MONEY);
    if (line === undefined) throw new Error(`${POT} has no line of ${MONEY}`);
    return line;
  }

  /** Lets time pass until then, ms since 1970. */
  setClock(atMs: number): Promise<void> {
    return this.#governor.setClock(atMs);
  }

  /** Another writer begins from the log. */
  restart(): Promise<void> {
    return this.#governor.restart();
  }

  close(): Promise<void> {
    return this.#governor.stop();
  }
}
