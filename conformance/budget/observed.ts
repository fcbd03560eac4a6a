import type { Answer, AnswerOf } from '../../events/answers.ts';
import type { Amounts } from '../../events/resources.ts';

/**
 * An answer of ours in the words of the scenarios. Where they have several words for one thing,
 * all of them stand here.
 */
export interface Observed {
  readonly results: readonly string[];
  readonly reasons?: readonly string[];
  /** Tiers that were short. */
  readonly tiers?: readonly string[];
  readonly replayed?: boolean;
  readonly charged?: unknown;
  readonly overrun?: unknown;
  readonly released?: unknown;
  readonly reserved?: unknown;
  readonly preempted?: readonly string[];
  readonly remaining_s?: number;
  readonly expires_at_s?: number;
  readonly now?: number;
  /** Of parallel operations, each one's own. */
  readonly each?: readonly Observed[];
  /** As it came, for the report. */
  readonly answer?: Answer;
}

/** What the words of an answer depend on besides itself. */
export interface Told {
  /** Id of the command that it answers. */
  readonly id: string | undefined;
  /** Whether that id was used before. */
  readonly isRepeat: boolean;
  /** Amounts as the scenario writes them: one number, or one for each tier. */
  readonly amount: (amounts: Amounts) => unknown;
  readonly seconds: (ms: number) => number;
  /** When the lease of which it speaks ends; NaN where it speaks of none. */
  readonly expiresAtS: number;
  /** The tiers of an account. */
  readonly tiersOf: (path: string, resource: string) => readonly string[];
}

/** An answer in the words of the scenarios. */
export function observedOf(answer: Answer, told: Told): Observed {
  const replayed = 'replayed' in answer && answer.replayed === true;
  return { ...wordsOf(answer, told), replayed, answer };
}

function wordsOf(answer: Answer, told: Told): Observed {
  switch (answer.outcome) {
    case 'granted':
    case 'partial':
      return {
        results: ['reserved'],
        reserved: told.amount(answer.granted),
        preempted: answer.preempted ?? [],
        ...leaseOf(answer.expiresInMs, told),
      };
    case 'would_grant':
      return { results: ['would_allow'], reserved: told.amount(answer.granted) };
    case 'would_preempt':
      return { results: ['would_allow', 'would_preempt'] };
    case 'preempting':
      return { results: ['preempting', 'pending'], preempted: answer.victims };
    case 'denied':
      return deniedWords(answer, told);
    case 'refused':
      return refusedWords(answer, told);
    case 'settled':
      return settledWords(answer, told);
    case 'ended':
      return { results: [ENDED_AS[answer.as] ?? 'finalized'] };
    case 'renewed':
      return { results: ['extended'], ...leaseOf(answer.expiresInMs, told) };
    case 'charged':
      return { results: ['charged'], charged: told.amount(answer.amounts) };
    case 'resized':
      return { results: ['resized', 'ok'], reserved: told.amount(answer.items) };
    default:
      return { results: [answer.outcome, 'ok'] };
  }
}

/** How an allocation ended before somebody tried to end it again. */
const ENDED_AS: Readonly<Record<string, string>> = {
  expired: 'already_expired',
  preempted: 'already_preempted',
};

function leaseOf(expiresInMs: number, told: Told): Partial<Observed> {
  return { remaining_s: told.seconds(expiresInMs), expires_at_s: told.expiresAtS };
}

/** A settle that another command had done before is over and done with. */
function settledWords(answer: AnswerOf<'settled'>, told: Told): Observed {
  if (answer.replayed === true && answer.id !== told.id) return { results: ['finalized'] };
  const { booked, overrun = {}, returned = {} } = answer;
  return {
    results: [answer.late ? 'settled_late' : 'settled'],
    charged: told.amount(booked),
    overrun: told.amount(overrun) ?? 0,
    released: told.amount(returned) ?? 0,
  };
}

const SHORT_OF_BUDGET: readonly string[] = [
  'insufficient_credits',
  'insufficient_time',
  'tool_limit_reached',
  'insufficient_resource',
  'never_fits',
];

function deniedWords({ reason, short = [] }: AnswerOf<'denied'>, told: Told): Observed {
  const other = SHORT_OF_BUDGET.includes(reason) ? ['budget_exceeded'] : [];
  return {
    results: ['denied'],
    reasons: [reason, ...other],
    tiers: short.flatMap(({ path, resource }) => told.tiersOf(path, resource)),
  };
}

/** Refusals that the scenarios have a word for. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  id_conflict: ['id_conflict'],
  unknown_allocation: ['not_found'],
  unknown_request: ['not_found'],
  unknown_node: ['not_found'],
  unknown_freeze: ['not_found'],
  allocation_ended: ['finalized'],
  lease_over: ['expired'],
};

function refusedWords({ code, message }: AnswerOf<'refused'>, told: Told): Observed {
  // It differs from what another command has done with the allocation before.
  if (code === 'id_conflict' && !told.isRepeat) return { results: ['finalized'] };
  const reasons = [code, ...(code === 'node_frozen' ? ['frozen'] : [])];
  if (code === 'does_not_fit') reasons.push('budget_exceeded');
  // Nothing but the words tells how it ended.
  if (code === 'allocation_ended' && message.endsWith('expired')) return { results: ['expired'] };
  if (code === 'allocation_ended' && message.endsWith('preempted')) {
    return { results: ['already_preempted'] };
  }
  return { results: REFUSED[code] ?? ['denied', code], reasons };
}
