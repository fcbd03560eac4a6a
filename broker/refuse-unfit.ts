import type { NatsConnection } from 'nats';
import { type BrokerCheck, checkBroker } from './checks.ts';
import { connectAs } from './connect.ts';
import { BrokerError } from './errors.ts';
import type { BrokerKeys } from './keys.ts';

/** The broker is not what a ledger may rest on. */
class BrokerUnfit extends BrokerError {
  readonly checks: readonly BrokerCheck[];
  constructor(checks: readonly BrokerCheck[]) {
    const told = checks.map(({ check, detail, advice }) => `${check}: ${detail}. ${advice}`);
    super('broker_unfit', `The broker cannot carry a ledger. ${told.join(' ')}`, {});
    this.checks = checks;
  }
}

/**
 * Looks at the server before a writer rests on it: version, synced writes, the store's limit.
 * @param isSyncAlwaysDeclared for a server whose SYS user we have no key of
 * @throws BrokerUnfit naming what does not hold and what to do
 */
export async function refuseUnfitBroker(
  url: string,
  keys: BrokerKeys,
  owner: NatsConnection,
  shards: number,
  isSyncAlwaysDeclared: boolean,
): Promise<void> {
  const sys = await connectAs(url, 'sys', keys.users.sys.seed, 'bursar-check').catch(
    () => undefined,
  );
  try {
    const checks = await checkBroker({ owner, sys }, { shards, isSyncAlwaysDeclared });
    const failed = checks.filter(({ ok }) => !ok);
    if (failed.length > 0) throw new BrokerUnfit(failed);
  } finally {
    await sys?.close();
  }
}
