import type { Given } from './history.ts';
import { balanceOf, differences } from './model-balance.ts';
import { isRightRefusal } from './probe-refusal.ts';
import { queueOf } from './rank.ts';
import type { State } from './state.ts';

/** What a state says of an answer: empty where it could have been given then. */
export type Objection = readonly { readonly rule: string; readonly message: string }[];

/** A question to each state of a window: could this answer have been given then? */
export type Probe = (state: State) => Objection;

const FINE: Objection = [];

/** The question that an answer asks of the books, or undefined for one that an event decides. */
export function probeOf({ to, answer }: Given): Probe | undefined {
  switch (answer.outcome) {
    case 'refused':
      return (state) =>
        isRightRefusal(state, to, answer.code) === false
          ? [
              {
                rule: 'INV-6',
                message: `${to.command.op} was refused ${answer.code}: ${answer.message}`,
              },
            ]
          : FINE;
    case 'balance':
      return (state) => {
        const model = balanceOf(state, answer.path);
        const found =
          model === undefined ? [`${answer.path} is not open`] : differences(answer, model);
        if (found.length === 0) return FINE;
        return [{ rule: 'INV-1', message: `balance of ${answer.path}: ${found.join('; ')}` }];
      };
    case 'ended':
      return (state) => {
        const grave = state.tombstones.get(answer.allocation);
        if (grave?.as === answer.as) return FINE;
        return [{ rule: 'INV-12', message: `told that ${answer.allocation} ended ${answer.as}` }];
      };
    case 'allocation':
      return ({ live }) => {
        const { id, path, agent, items } = answer.allocation;
        const found = live.get(id);
        const isSo = found?.path === path && found.agent === agent;
        const holds = Object.entries(items).every(
          ([name, amount]) => found?.items[name] === amount,
        );
        return isSo && holds
          ? FINE
          : [{ rule: 'S §5', message: `shows ${id} otherwise than it is` }];
      };
    case 'waiting':
    case 'queued':
    case 'preempting':
      return (state) => {
        const id = answer.outcome === 'waiting' ? answer.waiting.id : answer.id;
        const waiting = state.waiting.get(id);
        if (waiting === undefined) return [{ rule: 'S §5', message: `${id} does not wait` }];
        const { path, resource } = waiting.account;
        const place = queueOf(state, path, resource).findIndex((one) => one.id === id) + 1;
        const told =
          answer.outcome === 'waiting'
            ? answer.waiting.position
            : answer.outcome === 'queued'
              ? answer.position
              : place;
        return told === place
          ? FINE
          : [{ rule: 'S §7', message: `${id} is told place ${told}, not ${place}` }];
      };
    default:
      return undefined;
  }
}
