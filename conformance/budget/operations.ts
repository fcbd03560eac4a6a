import type { CommandInput } from '../../events/commands.ts';
import type { Amounts } from '../../events/resources.ts';
import { type Observed, observedOf, type Told } from './observed.ts';
import type { Operation } from './record.ts';
import { LONGEST_S, type Scene, SECONDS } from './scene.ts';
import { nodeOf } from './tier-paths.ts';

/** What an operation names: tiers, and how much on each. */
interface Named {
  readonly path: string;
  readonly tiers: readonly string[];
  readonly resources: readonly string[];
}

/** Carries out the operations of a scenario, one after the other, on a scene of its own. */
export class Operations {
  readonly #scene: Scene;
  /** What each reservation named, for the settles that say less. */
  readonly #reservations = new Map<string, Named>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  async perform(operation: Operation): Promise<Observed> {
    switch (operation.op) {
      case 'tick':
        await this.#scene.pass(operation.seconds ?? 0);
        return { results: ['ok'] };
      case 'clock':
        await this.#scene.setClock(operation.at_s ?? 0);
        return { results: ['ok'], now: await this.#scene.now() };
      case 'parallel': {
        const each: Observed[] = [];
        for (const one of operation.ops ?? []) each.push(await this.perform(one));
        return { results: ['ok'], each };
      }
      case 'unfreeze':
        return this.#unfreeze(operation);
      case 'reserve':
        return this.#send(operation, this.#reserve(operation), this.#named(operation));
      case 'charge': {
        const named = this.#named(operation);
        return this.#send(operation, this.#charge(operation, named), named);
      }
      default:
        return this.#send(operation, this.#command(operation), this.#namedBefore(operation));
    }
  }

  /** What needs nothing but its own fields. */
  #command(operation: Operation): CommandInput {
    const { op, id = '', reservation: allocation = '', tier = '', amount } = operation;
    const path = () => this.#scene.pathOf(tier);
    switch (op) {
      case 'settle':
        return { op: 'settle', id, allocation, actual: this.#actualOf(operation) };
      case 'release':
        return { op: 'release', id, allocation };
      case 'extend':
        return { op: 'renew', id, allocation, byMs: SECONDS.durationMs(operation.by_s ?? 0) };
      case 'resize': {
        const items = this.#amountsOf(operation, this.#namedBefore(operation)) as Amounts;
        return { op: 'resize', id, allocation, items };
      }
      case 'freeze': {
        const { for_s: forS } = operation;
        return {
          op: 'freeze',
          id,
          path: path(),
          ...(forS === undefined ? {} : { forMs: SECONDS.durationMs(forS) }),
        };
      }
      case 'top_up': {
        const amounts = { [this.#scene.resourceOf(tier)]: amount as number };
        const { for_s: forS } = operation;
        const grant = forS === undefined ? {} : { grant: { forMs: SECONDS.durationMs(forS) } };
        return { op: 'topUp', id, path: path(), amounts, ...grant };
      }
      case 'transfer': {
        const { from = '', to = '' } = operation;
        const [giver, taker] = [this.#scene.pathOf(from), this.#scene.pathOf(to)];
        const amounts = { [this.#scene.resourceOf(from)]: amount as number };
        return { op: 'transfer', id, from: giver, to: taker, amounts };
      }
      case 'reset':
        return { op: 'resetWindow', id, path: path(), resource: this.#scene.resourceOf(tier) };
      default:
        throw new Error(`${op} has no command yet`);
    }
  }

  #reserve(operation: Operation): CommandInput {
    const { id = '', priority, at_most: atMost = false, dry_run: dryRun } = operation;
    const named = this.#named(operation);
    this.#reservations.set(id, named);
    const amounts = Object.entries(this.#amountsOf(operation, named));
    const items = amounts.map(([resource, amount]) => {
      const part = atMost ? { min: 1 } : {};
      return [resource, amount === 'unknown' ? {} : { amount, ...part }];
    });
    return {
      op: 'request',
      id,
      path: named.path,
      items: Object.fromEntries(items),
      ttlMs: SECONDS.durationMs(operation.ttl_s ?? LONGEST_S),
      preemptible: operation.preemptible ?? false,
      ...(operation.grace_s === undefined
        ? {}
        : { graceMs: SECONDS.durationMs(operation.grace_s) }),
      ...(priority === undefined ? {} : { priority }),
      ...(operation.preempt === true ? { strategy: 'preemption_allowed' as const } : {}),
      ...(dryRun === undefined ? {} : { dryRun }),
    };
  }

  #charge(operation: Operation, named: Named): CommandInput {
    const amounts = this.#amountsOf(operation, named) as Amounts;
    return { op: 'charge', id: operation.id ?? '', path: named.path, amounts };
  }

  /** Takes every freeze off a tier: to the scenarios it is frozen or not. */
  async #unfreeze(operation: Operation): Promise<Observed> {
    const { id, tier = '' } = operation;
    const { freezes } = await this.#scene.balanceOf(tier);
    const [first = 'none', ...others] = freezes;
    const path = this.#scene.pathOf(tier);
    for (const freeze of others) {
      await this.#scene.expect('unfrozen', { op: 'unfreeze', path, freeze });
    }
    const last = { op: 'unfreeze', path, freeze: first } as const;
    const command = id === undefined ? last : { ...last, id };
    return this.#send(operation, command, this.#namedBefore(operation));
  }

  async #send(operation: Operation, command: CommandInput, named: Named): Promise<Observed> {
    const isRepeat = this.#scene.isUsed(operation.id);
    const answer = await this.#scene.ask(command);
    const expiresAtS = 'expiresInMs' in answer ? await this.#scene.expiryOf(answer) : Number.NaN;
    const told: Told = {
      id: operation.id,
      isRepeat,
      amount: (amounts) => amountAsWritten(amounts, named, this.#scene),
      seconds: (ms) => SECONDS.unitsOf(ms),
      expiresAtS,
      tiersOf: (path, resource) => this.#scene.tiersAt(path, resource),
    };
    const observed = observedOf(answer, told);
    const isFrozen = answer.outcome === 'denied' && answer.reason === 'frozen';
    return isFrozen ? { ...observed, tiers: await this.#frozenOf(named) } : observed;
  }

  /** Of tiers, those that are frozen: a denial says that something is, not where. */
  async #frozenOf({ tiers }: Named): Promise<string[]> {
    const frozen: string[] = [];
    for (const tier of tiers) {
      if ((await this.#scene.balanceOf(tier)).frozen) frozen.push(tier);
    }
    return frozen;
  }

  #named({ tiers, amounts = {} }: Operation): Named {
    const all = [...new Set(tiers ?? Object.keys(amounts))];
    const path = this.#scene.paths.pathOfAll(all.map(nodeOf));
    const resources = [...new Set(all.map((tier) => this.#scene.resourceOf(tier)))];
    return { path, tiers: all, resources };
  }

  #namedBefore({ reservation = '', tier }: Operation): Named {
    const before = this.#reservations.get(reservation);
    if (before !== undefined) return before;
    const tiers = tier === undefined ? [] : [tier];
    return { path: '', tiers, resources: [this.#scene.resourceOf(tier ?? '')] };
  }

  /** One amount for all resources, or one for each tier, as amounts of ours. */
  #amountsOf(operation: Operation, named: Named): Record<string, number | 'unknown'> {
    const { amount, amounts } = operation;
    return amounts === undefined
      ? Object.fromEntries(named.resources.map((resource) => [resource, amount ?? 'unknown']))
      : this.#byResource(amounts);
  }

  #actualOf(operation: Operation): 'unknown' | Record<string, number | 'unknown'> {
    const { actual, actuals } = operation;
    if (actuals !== undefined) return this.#byResource(actuals);
    if (actual === undefined || actual === 'unknown') return 'unknown';
    const { resources } = this.#namedBefore(operation);
    return Object.fromEntries(resources.map((resource) => [resource, actual]));
  }

  #byResource(amounts: Readonly<Record<string, number>>): Record<string, number> {
    const entries = Object.entries(amounts);
    return Object.fromEntries(
      entries.map(([tier, amount]) => [this.#scene.resourceOf(tier), amount]),
    );
  }
}

/** One number where one resource is meant; else one for each tier. */
function amountAsWritten(amounts: Amounts, { tiers, resources }: Named, scene: Scene): unknown {
  const [resource = ''] = resources;
  if (resources.length <= 1) return amounts[resource];
  return Object.fromEntries(tiers.map((tier) => [tier, amounts[scene.resourceOf(tier)]]));
}
