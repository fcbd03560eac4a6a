import { saysTheSame } from '../compare.ts';
import { type Difference, notUnderstood } from '../verdict.ts';
import { MONEY, POT, Pot } from './pot.ts';
import { type BudgetRecord, type Expectation, expectationsOf, type Operation } from './record.ts';
import { ScenarioTime, SOME_DAY_MS } from './scenario-time.ts';
import { inTime } from './timeline.ts';

/** A grant of a scenario; times in its unit. */
interface ScenarioGrant {
  readonly id: string;
  readonly amount: number;
  readonly priority: number;
  readonly effective: number;
  readonly expires: number | null;
  /** Absent: at the start. */
  readonly created?: number;
  readonly voided?: number;
  readonly recurrence?: { readonly anchor: number; readonly every: number };
  readonly rollover?: { readonly min: number; readonly max: number };
}

interface GrantsSetup {
  readonly grants?: readonly ScenarioGrant[];
  readonly start?: {
    readonly at?: number;
    readonly overage?: number;
    /** What is left of grants then, where that is not all. */
    readonly balances?: Readonly<Record<string, number>>;
  };
}

/** Only the order of times matters here, no calendar: a second stands for a minute. */
const MINUTES = new ScenarioTime(SOME_DAY_MS, 1_000);
const KNOWN_OPS: readonly string[] = ['use', 'query', 'reset', 'order'];
const KNOWN_FIELDS: readonly string[] = [
  ...['id', 'amount', 'priority', 'effective', 'expires', 'created', 'voided'],
  ...['recurrence', 'rollover', 'note'],
];

/** Plays grants, use and resets on one pot without a limit of its own. */
export async function differencesOfGrants(record: BudgetRecord): Promise<Difference[]> {
  const setup = record.setup as GrantsSetup;
  const unknown = [
    ...record.operations.map(({ op }) => op).filter((op) => !KNOWN_OPS.includes(op)),
    ...(setup.grants ?? []).flatMap(Object.keys).filter((key) => !KNOWN_FIELDS.includes(key)),
  ];
  if (unknown.length > 0) return unknown.map((word) => notUnderstood('op or field', word));
  const window = { every: 'manual' };
  const pot = await Pot.open(MINUTES.instantMs(setup.start?.at ?? 0), { limit: 0, window });
  try {
    return await new GrantsPlay(pot, setup).play(record);
  } finally {
    await pot.close();
  }
}

class GrantsPlay {
  readonly #pot: Pot;
  readonly #setup: GrantsSetup;
  #now: number;

  constructor(pot: Pot, setup: GrantsSetup) {
    this.#pot = pot;
    this.#setup = setup;
    this.#now = setup.start?.at ?? 0;
  }

  async play({ operations, ...record }: BudgetRecord): Promise<Difference[]> {
    const { grants = [], start = {} } = this.#setup;
    if (start.overage !== undefined) await this.#pot.charge(start.overage);
    const made = grants.map((grant) => ({ at: grant.created ?? this.#now, what: grant }));
    for (const { at, what } of inTime(made)) {
      await this.#reach(at);
      await this.#grant(what);
    }
    const voids = [
      ...inTime(
        grants
          .filter(({ voided }) => voided !== undefined)
          .map(({ id, voided = 0 }) => ({ at: voided, what: id })),
      ),
    ];
    const found: Difference[] = [];
    for (const [step, operation] of operations.entries()) {
      const at = timeOf(operation, this.#now);
      while (voids[0] !== undefined && !MINUTES.isAhead(at, voids[0].at)) {
        await this.#void(voids.shift());
      }
      await this.#perform(operation);
      for (const expectation of expectationsOf({ operations, ...record })) {
        if (expectation.step === step) found.push(...(await this.#look(expectation)));
      }
    }
    const expected = await this.#pot.line();
    await this.#pot.restart();
    const observed = await this.#pot.line();
    if (!saysTheSame(expected, observed)) found.push({ at: 'after a replay', expected, observed });
    return found;
  }

  async #grant(grant: ScenarioGrant): Promise<void> {
    const { id, amount, priority, effective, expires, recurrence, rollover } = grant;
    // A grant that begins later begins whole, whatever a snapshot says of it.
    const isLater = MINUTES.isAhead(this.#now, effective);
    const left = isLater ? undefined : this.#setup.start?.balances?.[id];
    await this.#pot.expect('topped_up', {
      op: 'topUp',
      id,
      path: POT,
      amounts: { [MONEY]: amount },
      grant: {
        priority,
        startInMs: this.#until(effective),
        ...(expires === null ? {} : { forMs: MINUTES.fromToMs(effective, expires) }),
        ...(rollover === undefined ? {} : { rollover }),
        ...(left === undefined ? {} : { left }),
        ...(recurrence === undefined
          ? {}
          : {
              recurrence: {
                everyMs: MINUTES.durationMs(recurrence.every),
                anchorInMs: this.#until(recurrence.anchor),
              },
            }),
      },
    });
  }

  async #void(happening: { readonly at: number; readonly what: string } | undefined) {
    if (happening === undefined) return;
    await this.#reach(happening.at);
    await this.#pot.expect('grant_voided', { op: 'voidGrant', path: POT, grant: happening.what });
  }

  async #perform(operation: Operation): Promise<void> {
    const at = timeOf(operation, this.#now);
    if (operation.op === 'use') {
      await this.#reach(at);
      await this.#pot.charge(operation.amount as number, MINUTES.agoMs(this.#now, at));
      return;
    }
    await this.#reach(at);
    if (operation.op !== 'reset') return;
    const carryDebt = operation['preserve_overage'] === true;
    const reset = { op: 'resetWindow', path: POT, resource: MONEY, carryDebt } as const;
    await this.#pot.expect('window_reset', reset);
  }

  /** What the account says, in the words of the scenario. */
  async #look(expectation: Expectation): Promise<Difference[]> {
    const { available, debt, spent, grants = [], history = [] } = await this.#pot.line();
    const observed: Readonly<Record<string, unknown>> = {
      balance: available,
      overage: debt,
      usage_in_period: spent,
      balances: Object.fromEntries(grants.map(({ id, left }) => [id, left])),
      segment_count: history.length,
      segment_usage: history.map(({ usage }) => usage),
      order: grants.map(({ id }) => id),
    };
    return Object.entries(expectation)
      .filter(([key]) => key !== 'step' && key !== 'note')
      .flatMap(([key, expected]) => {
        const at = `step ${expectation.step} ${key}`;
        if (!Object.hasOwn(observed, key)) return [notUnderstood(at, expected)];
        const isSame = saysTheSame(expected, observed[key]);
        return isSame ? [] : [{ at, expected, observed: observed[key] }];
      });
  }

  /** Time goes on; never back. */
  async #reach(at: number): Promise<void> {
    if (!MINUTES.isAhead(this.#now, at)) return;
    this.#now = at;
    await this.#pot.setClock(MINUTES.instantMs(at));
  }

  /** How long it is until a time of the scenario, ms. */
  #until(at: number): number {
    return MINUTES.fromToMs(this.#now, at);
  }
}

function timeOf(operation: Operation, now: number): number {
  const { at } = operation;
  return typeof at === 'number' ? at : now;
}
