import type { Command, CommandOf } from '../../events/commands.ts';
import { canonical } from './content.ts';
import type { Sent } from './history.ts';

/** Finds the commands that were sent by id and by op. */
export class SentIndex {
  readonly #byId = new Map<string, Sent[]>();
  readonly #byOp = new Map<string, Sent[]>();

  constructor(sent: readonly Sent[]) {
    for (const one of sent) {
      const { id, op } = one.command;
      push(this.#byOp, op, one);
      if (id !== undefined) push(this.#byId, id, one);
    }
  }

  /** Everything sent with an id, in the order of sending. */
  withId(id: string): readonly Sent[] {
    return this.#byId.get(id) ?? [];
  }

  /** Commands of one op by one agent, with this id, or without one where `id` is undefined. */
  of<Op extends Command['op']>(
    op: Op,
    agent: string | undefined,
    id: string | undefined,
  ): CommandOf<Op>[] {
    const among = id === undefined ? this.#byOp.get(op) : this.#byId.get(id);
    const found: CommandOf<Op>[] = [];
    for (const { agent: by, command } of among ?? []) {
      if (command.op !== op || by !== agent) continue;
      if (id === undefined && command.id !== undefined) continue;
      found.push(command as CommandOf<Op>);
    }
    return found;
  }
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

const texts = new WeakMap<Command, string>();

/** What a repeat must have in common with the first: everything but id, version and its age. */
export function contentOf(command: Command): string {
  const known = texts.get(command);
  if (known !== undefined) return known;
  const { id, v, firstSentMsAgo, ...content } = command;
  const text = canonical({ ...content, dryRun: undefined });
  texts.set(command, text);
  return text;
}
