import type { AnswerOf } from '../../events/answers.ts';
import { isWithin } from '../../events/names.ts';
import { priorityOf } from './ask-terms.ts';
import { barsOf } from './barred.ts';
import { isSame } from './content.ts';
import type { Given } from './history.ts';
import { levelBarOf } from './levels.ts';
import { balanceOf, differences } from './model-balance.ts';
import { isRightRefusal } from './probe-refusal.ts';
import { placeOf } from './rank.ts';
import { needsBesideDraw } from './reserves.ts';
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
        const place = placeOf(state, waiting);
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
    case 'would_set_policy':
      return ({ policyVersion }) => {
        if (answer.version === policyVersion + 1) return FINE;
        return [
          { rule: 'S §5', message: `would be version ${answer.version} after ${policyVersion}` },
        ];
      };
    case 'policy':
      return ({ policy, policyVersion }) => {
        if (answer.version === policyVersion && isSame(answer.policy, policy)) return FINE;
        return [{ rule: 'S §5', message: `shows policy ${answer.version} of ${policyVersion}` }];
      };
    case 'queue':
      return (state) => queueObjection(state, to.command, answer);
    case 'would_grant':
      return (state) => dryRunObjection(state, to.command, answer);
    case 'would_preempt':
      return ({ live }) => {
        const lost = answer.victims.filter((id) => !live.has(id));
        return lost.length === 0
          ? FINE
          : [{ rule: 'INV-14', message: `would evict [${lost}], who do not live` }];
      };
    default:
      return undefined;
  }
}

/** S §5, queue: everybody who asks beneath the path, each at its place. */
function queueObjection(
  state: State,
  command: Given['to']['command'],
  { waiting, total }: AnswerOf<'queue'>,
): Objection {
  const path = 'path' in command ? (command.path ?? '') : '';
  const meant = [...state.waiting.values()].filter(({ ask }) => isWithin(ask.path, path));
  if (total !== meant.length) {
    return [{ rule: 'S §7', message: `${total} are told to wait, not ${meant.length}` }];
  }
  for (const { id, position, account, resource } of waiting) {
    const one = state.waiting.get(id);
    const isThere = one?.account.path === account && one.account.resource === resource;
    const place = one !== undefined && isThere ? placeOf(state, one) : 0;
    if (place !== position) {
      return [{ rule: 'S §7', message: `${id} is told place ${position}, not ${place}` }];
    }
  }
  return FINE;
}

/** S §5, dry run: what would be granted fits. */
function dryRunObjection(
  state: State,
  command: Given['to']['command'],
  { granted, reserve }: AnswerOf<'would_grant'>,
): Objection {
  if (command.op !== 'request') return FINE;
  const bars = barsOf(state, command.path, priorityOf(command));
  const isAdmitted = levelBarOf(state, command, priorityOf(command)) === undefined;
  const asked = needsBesideDraw(state, command.path, granted, reserve);
  const isRoom = asked.every(({ need, room }) => need <= room);
  if (isAdmitted && bars.size === 0 && isRoom) return FINE;
  return [{ rule: 'INV-2', message: `would grant ${JSON.stringify(granted)}: ${[...bars]}` }];
}
