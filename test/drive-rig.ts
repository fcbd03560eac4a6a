import { addAgent, agentSeed } from '../broker/agents.ts';
import { type BursarClient, connect } from '../client/client.ts';
import { type Budgets, NO_BUDGETS } from '../workload/budgets.ts';
import { type Driven, driveWorkload } from '../workload/drive.ts';
import type { DriveOptions, GovernorAccess } from '../workload/drive-options.ts';
import { planRows } from '../workload/plan.ts';
import { openPriceBook } from '../workload/pricing.ts';
import { workloadReport } from '../workload/report.ts';
import { newRowIds, parseRow, type RowForm } from '../workload/row.ts';
import { WriterRig } from './writer-rig.ts';

/** A real governor and workloads driven through it. */
export class DriveRig {
  readonly governor = new WriterRig();

  start() {
    return this.governor.start();
  }

  async client(team: string, agent = 'operator'): Promise<BursarClient> {
    const { url } = this.governor.broker;
    const seed = this.governor.seedOf(agent);
    return connect({ url, agent, team, seed, timeoutMs: 20_000 });
  }

  /** Drives rows as they would stand in a file; the prices are those of a fixed day. */
  async drive(rows: readonly RowForm[], options: Partial<DriveOptions> = {}): Promise<Driven> {
    const ids = newRowIds();
    const at = { file: 'test', line: 1 };
    const plan = await planRows(rows.map((row) => parseRow(JSON.stringify(row), at, ids)));
    const book = await openPriceBook({ asOfMs: Date.UTC(2026, 3, 1) });
    return driveWorkload({
      source: 'test',
      plan,
      pricing: { book, defaultModel: null },
      budgets: NO_BUDGETS,
      speed: 'max',
      onDeny: 'end-run',
      maxWaitMs: null,
      governor: this.access(),
      ...options,
    });
  }

  access(): GovernorAccess {
    return {
      operatorOf: (team) => this.client(team),
      agentOf: async (team) => {
        const { dataDir } = this.governor.broker;
        const name = `driver-${team}`;
        await addAgent(dataDir, { name, team });
        if (agentSeed(dataDir, name) === undefined) throw new Error(`no seed of ${name}`);
        return this.client(team, name);
      },
    };
  }

  close() {
    return this.governor.close();
  }
}

/** The report of a drive; its books must add up whatever else happened. */
export function reportOf({ outcome, tally }: Driven) {
  return workloadReport(outcome, tally);
}

/** An llm call that costs `usd` and asks for a little more. gpt-4o-mini: 0.6 microcredits a token out. */
export function call(team: string, run: string, tMs: number, more: Partial<RowForm> = {}): RowForm {
  return {
    team,
    swarm: 's',
    run,
    kind: 'llm',
    model: 'gpt-4o-mini',
    t_ms: tMs,
    duration_ms: 1_000,
    tokens_in: 0,
    max_tokens_out: 1_000,
    tokens_out: 500,
    ...more,
  };
}

/** Caps of every node of a tier, in microcredits. */
export function caps(tiers: Partial<Budgets['tiers']>): Budgets {
  return { tiers: { ...NO_BUDGETS.tiers, ...tiers }, paths: {} };
}
