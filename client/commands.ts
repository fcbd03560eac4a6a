import type { AnswerOf } from '../events/answers.ts';
import type { CommandInput } from '../events/commands.ts';
import type { AmountsInput, CallOptions, Failures, Fields, Timing } from './inputs.ts';
import type { Accepted } from './refusals.ts';
import type { Sender } from './sender.ts';

const READS: ReadonlySet<string> = new Set([
  'balance',
  'status',
  'explain',
  'queue',
  'policy',
  'emergencies',
]);

/**
 * One method for each plain command: it sends, tries again with the same id until its deadline, and
 * gives the answer.
 *
 * Every method throws UnavailableError (no final answer in time), RefusedError (not carried out,
 * with the reason and advice), IdConflictError, OutcomeUnknownError, InvalidCommandError,
 * ForbiddenError, BusyError or ClosedError.
 */
export class Commands {
  protected readonly sender: Sender;

  constructor(sender: Sender) {
    this.sender = sender;
  }

  /**
   * Sends any command as it is, with an id made for it where it changes something and has none.
   * Does not wait for what is queued, nor keep settles in the journal.
   */
  send(command: CommandInput, { timeoutMs }: Timing = {}): Promise<Accepted> {
    const isRead = READS.has(command.op) || ('dryRun' in command && command.dryRun === true);
    const isCallerId = command.id !== undefined;
    const id = command.id ?? (isRead ? undefined : this.sender.newId());
    return this.sender.askAny({ ...command, id }, { timeoutMs, isCallerId });
  }

  /** Opens a team, swarm, run or step, with limits of its own if given. */
  open(path: string, options: Fields<'open', 'path'> & Timing = {}): Promise<AnswerOf<'opened'>> {
    return this.#change({ op: 'open', path, ...options }, ['opened']);
  }

  /**
   * Closes a node and all beneath it: nothing new is admitted, and it is closed when its last
   * allocation has ended. `force` fences those after `graceMs`.
   */
  close(
    path: string,
    options: Fields<'close', 'path'> & Timing = {},
  ): Promise<AnswerOf<'closing'> | AnswerOf<'closed'>> {
    return this.#change({ op: 'close', path, ...options }, ['closing', 'closed']);
  }

  /** Renews the lease of an allocation by `byMs`, or to now + `ttlMs`; never shortens it. */
  renew(
    allocation: string,
    options: Fields<'renew', 'allocation'> & Timing,
  ): Promise<AnswerOf<'renewed'>> {
    return this.#change({ op: 'renew', allocation, ...options }, ['renewed']);
  }

  /** Reports cumulative use while the work goes on; it is booked if no settle ever comes. */
  report(
    allocation: string,
    used: AmountsInput,
    options: CallOptions & Failures = {},
  ): Promise<AnswerOf<'reported'>> {
    return this.#change({ op: 'report', allocation, used, ...options }, ['reported']);
  }

  /** Changes the amounts held; a resource left out keeps its amount. */
  resize(
    allocation: string,
    items: AmountsInput,
    options: CallOptions = {},
  ): Promise<AnswerOf<'resized'>> {
    return this.#change({ op: 'resize', allocation, items, ...options }, ['resized']);
  }

  /** Takes a waiting request out of the queue; one that was granted meanwhile stays granted. */
  cancel(
    request: string,
    options: CallOptions = {},
  ): Promise<AnswerOf<'cancelled'> | AnswerOf<'already_granted'>> {
    return this.#change({ op: 'cancel', request, ...options }, ['cancelled', 'already_granted']);
  }

  /** Agrees to a request of somebody else that waits for an approver; it is decided at once. */
  approve(request: string, options: CallOptions = {}): Promise<AnswerOf<'approved'>> {
    return this.#change({ op: 'approve', request, ...options }, ['approved']);
  }

  /** Says no to a request that waits for an approver; it is denied `approval_declined`. */
  decline(
    request: string,
    options: Fields<'decline', 'request'> & Timing = {},
  ): Promise<AnswerOf<'declined'>> {
    return this.#change({ op: 'decline', request, ...options }, ['declined']);
  }

  /** Books use that had no allocation; with `agoMs` in the window of its own time. */
  charge(
    path: string,
    amounts: AmountsInput,
    options: CallOptions & Fields<'charge', 'id' | 'path' | 'amounts'> = {},
  ): Promise<AnswerOf<'charged'>> {
    return this.#change({ op: 'charge', path, amounts, ...options }, ['charged']);
  }

  /** Corrects the booked use of an ended allocation to `actual`. */
  adjust(
    allocation: string,
    actual: AmountsInput,
    options: CallOptions = {},
  ): Promise<AnswerOf<'adjusted'>> {
    return this.#change({ op: 'adjust', allocation, actual, ...options }, ['adjusted']);
  }

  /** Raises the limits of a node by amounts: for good, or by a grant that ends. */
  topUp(
    path: string,
    amounts: AmountsInput,
    options: CallOptions & Fields<'topUp', 'id' | 'path' | 'amounts'> = {},
  ): Promise<AnswerOf<'topped_up'>> {
    return this.#change({ op: 'topUp', path, amounts, ...options }, ['topped_up']);
  }

  /** Takes back what is left of a grant, which has the id of its top-up. */
  voidGrant(
    path: string,
    grant: string,
    options: CallOptions = {},
  ): Promise<AnswerOf<'grant_voided'>> {
    return this.#change({ op: 'voidGrant', path, grant, ...options }, ['grant_voided']);
  }

  /** Ends the window of an account by hand; nothing is spent in the next one. */
  resetWindow(
    path: string,
    resource: string,
    options: CallOptions & Fields<'resetWindow', 'id' | 'path' | 'resource'> = {},
  ): Promise<AnswerOf<'window_reset'>> {
    return this.#change({ op: 'resetWindow', path, resource, ...options }, ['window_reset']);
  }

  /**
   * Sets limits and guarantees by resource; `limit: null` is none of its own. With `reclaim` what is
   * held above a cut is taken back at once.
   */
  setLimits(
    path: string,
    limits: Fields<'setLimits', never>['limits'],
    options: Fields<'setLimits', 'path' | 'limits'> & Timing = {},
  ): Promise<AnswerOf<'limits_set'>> {
    return this.#change({ op: 'setLimits', path, limits, ...options }, ['limits_set']);
  }

  /** Moves limit from a node to another, and between siblings unused guarantee with it. */
  transfer(
    from: string,
    to: string,
    amounts: AmountsInput,
    options: CallOptions = {},
  ): Promise<AnswerOf<'transferred'>> {
    return this.#change({ op: 'transfer', from, to, amounts, ...options }, ['transferred']);
  }

  /**
   * Divides what a node has over its children, all of them or none: `amounts` by resource, or `all`;
   * with `dryRun` it only says how.
   */
  distribute(
    path: string,
    options: Fields<'distribute', 'path'> & Timing,
  ): Promise<AnswerOf<'distributed'> | AnswerOf<'would_distribute'>> {
    const command = { op: 'distribute', path, ...options } as const;
    return this.#change(command, ['distributed', 'would_distribute']);
  }

  /** Sets amounts aside until the end of a period; requests draw from it by `reservationId`. */
  reserve(
    path: string,
    options: Fields<'reserve', 'path'> & Timing,
  ): Promise<AnswerOf<'reserved'>> {
    return this.#change({ op: 'reserve', path, ...options }, ['reserved']);
  }

  /** Gives free what a reservation still keeps; what was drawn stays with its holders. */
  cancelReservation(
    reservation: string,
    options: CallOptions = {},
  ): Promise<AnswerOf<'reservation_ended'>> {
    const command = { op: 'cancelReservation', reservation, ...options } as const;
    return this.#change(command, ['reservation_ended']);
  }

  /** The policy of a team that is in force, and its version. */
  policy(team: string, { timeoutMs }: Timing = {}): Promise<AnswerOf<'policy'>> {
    return this.sender.ask({ op: 'policy', path: team }, ['policy'], { timeoutMs });
  }

  /**
   * Sets the policy of a team; what it leaves out gets its default. With `ifVersion` only while
   * that version is in force, else it is refused `version_conflict`. With `dryRun` it only says
   * whether that could be done.
   */
  setPolicy(
    path: string,
    policy: Fields<'setPolicy', never>['policy'],
    options: Fields<'setPolicy', 'path' | 'policy'> & Timing = {},
  ): Promise<AnswerOf<'policy_set'> | AnswerOf<'would_set_policy'>> {
    const command = { op: 'setPolicy', path, policy, ...options } as const;
    return this.#change(command, ['policy_set', 'would_set_policy']);
  }

  /** Lets an agent act in a role on a node and beneath it. */
  enrol(credential: Fields<'enrol', never> & Timing): Promise<AnswerOf<'enrolled'>> {
    return this.#change({ op: 'enrol', ...credential }, ['enrolled']);
  }

  /** Takes an agent's role from it. */
  dismiss(agent: string, options: CallOptions = {}): Promise<AnswerOf<'dismissed'>> {
    return this.#change({ op: 'dismiss', agent, ...options }, ['dismissed']);
  }

  /** Admits nothing new on a node and beneath it, until the end or the unfreeze. */
  freeze(
    path: string,
    options: Fields<'freeze', 'path'> & Timing = {},
  ): Promise<AnswerOf<'frozen'>> {
    return this.#change({ op: 'freeze', path, ...options }, ['frozen']);
  }

  /** Lifts one freeze, named by the id in the answer to `freeze`. */
  unfreeze(path: string, freeze: string, options: CallOptions = {}): Promise<AnswerOf<'unfrozen'>> {
    return this.#change({ op: 'unfreeze', path, freeze, ...options }, ['unfrozen']);
  }

  /** Stops work below a priority (default `critical`): agents are told, and fenced in the end. */
  stop(path: string, options: Fields<'stop', 'path'> & Timing = {}): Promise<AnswerOf<'stopped'>> {
    return this.#change({ op: 'stop', path, ...options }, ['stopped']);
  }

  /** Says that this agent has heard of the stop and acts on it. */
  acknowledgeStop(
    path: string,
    stop: string,
    options: CallOptions = {},
  ): Promise<AnswerOf<'acknowledged'>> {
    return this.#change({ op: 'acknowledgeStop', path, stop, ...options }, ['acknowledged']);
  }

  /** Lifts a stop. */
  recover(path: string, stop: string, options: CallOptions = {}): Promise<AnswerOf<'recovered'>> {
    return this.#change({ op: 'recover', path, stop, ...options }, ['recovered']);
  }

  /**
   * Takes the supply of a resource away beneath a node: nothing of it is granted until it is tried
   * again after `forMs`, or closed.
   */
  openBreaker(
    path: string,
    resource: string,
    options: Fields<'openBreaker', 'path' | 'resource'> & Timing = {},
  ): Promise<AnswerOf<'breaker_opened'>> {
    return this.#change({ op: 'openBreaker', path, resource, ...options }, ['breaker_opened']);
  }

  /** Gives the supply of a resource back at once. */
  closeBreaker(
    path: string,
    resource: string,
    options: CallOptions = {},
  ): Promise<AnswerOf<'breaker_closed'>> {
    return this.#change({ op: 'closeBreaker', path, resource, ...options }, ['breaker_closed']);
  }

  /** Limits, held, spent and available of a node, by resource, and its children. */
  balance(
    path: string,
    { timeoutMs, ...more }: Timing & Fields<'balance', 'id' | 'path'> = {},
  ): Promise<AnswerOf<'balance'>> {
    return this.sender.ask({ op: 'balance', path, ...more }, ['balance'], { timeoutMs });
  }

  /** What became of a request, allocation or command, by its id. */
  status(of: string, { timeoutMs }: Timing = {}): Promise<Accepted> {
    return this.sender.askAny({ op: 'status', of }, { timeoutMs });
  }

  /** The recorded events behind a decision, with rule and factors. */
  explain(of: string, { timeoutMs }: Timing = {}): Promise<AnswerOf<'explained'>> {
    return this.sender.ask({ op: 'explain', of }, ['explained'], { timeoutMs });
  }

  /** Who waits on a node and beneath it. */
  queue(path: string, { timeoutMs }: Timing = {}): Promise<AnswerOf<'queue'>> {
    return this.sender.ask({ op: 'queue', path }, ['queue'], { timeoutMs });
  }

  /** The emergencies after a log position; without one all that are kept. */
  emergencies({
    since,
    timeoutMs,
  }: { readonly since?: number | undefined } & Timing = {}): Promise<AnswerOf<'emergencies'>> {
    return this.sender.ask({ op: 'emergencies', since }, ['emergencies'], { timeoutMs });
  }

  /** Sends a command that changes something, with an id of its own if the caller gave none. */
  #change<O extends Accepted['outcome']>(
    command: { readonly op: string } & CallOptions & Record<string, unknown>,
    outcomes: readonly O[],
  ): Promise<Extract<Accepted, { outcome: O }>> {
    const { timeoutMs, ...content } = command;
    const isCallerId = content.id !== undefined;
    const id = content.id ?? this.sender.newId();
    return this.sender.ask({ ...content, id }, outcomes, { timeoutMs, isCallerId });
  }
}
