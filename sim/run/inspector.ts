import { Answer, type AnswerOf } from '../../events/answers.ts';
import { decode, encode } from '../../events/codec.ts';
import { subjects } from '../../events/subjects.ts';
import type { World } from '../world/world.ts';

const ANSWER_WAIT_MS = 5_000;
const ANSWER_BYTES_MAX = 1_048_576;
/** Virtual time within which a shard in a whole world answers, ms. */
const PATIENCE_MS = 60_000;

/** Asks the writers in the end, as the operator, over the bus like anybody. */
export class Inspector {
  readonly #world: World;
  #bus: ReturnType<ReturnType<World['process']>['bus']> | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** Performs something that asks, and lets time pass until it is done. @throws what it throws */
  async perform<Result>(work: () => Promise<Result>): Promise<Result> {
    const process =
      this.#world.processes.find(({ name }) => name === 'inspector') ??
      this.#world.process('inspector');
    let end: { readonly result: Result } | { readonly error: unknown } | undefined;
    process.start(async () => {
      this.#bus ??= process.bus('operator');
      try {
        end = { result: await work() };
      } catch (error) {
        end = { error };
      }
    });
    await this.#world.runUntil(() => end !== undefined, PATIENCE_MS);
    if (end === undefined) throw new Error(`no answer within ${PATIENCE_MS} ms`);
    if ('error' in end) throw end.error;
    return end.result;
  }

  /** A node's balance as its writer has it; undefined when no such node is open. */
  async balance(path: string): Promise<AnswerOf<'balance'> | undefined> {
    const answer = await this.ask(path.split('/')[0] ?? '', { op: 'balance', path });
    if (answer.outcome === 'balance') return answer;
    if (answer.outcome === 'refused' && answer.code === 'unknown_node') return undefined;
    throw new Error(`the balance of ${path} was answered ${JSON.stringify(answer)}`);
  }

  async ask(team: string, command: { readonly op: string; readonly [field: string]: unknown }) {
    const subject = subjects.request('operator', team, command.op);
    const reply = await this.#bus?.request(subject, encode(command), { timeoutMs: ANSWER_WAIT_MS });
    return Answer.parse(decode(reply?.data ?? new Uint8Array(), ANSWER_BYTES_MAX));
  }
}
