import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exportLog } from '../events/export-write.ts';
import type { SignedHead } from '../events/signed-head.ts';
import { readWitnesses } from '../events/witness.ts';
import { systemHost } from '../host/system-host.ts';
import { countOf } from '../workload/number-text.ts';
import { type CopyDifference, compareWithCopy } from './compare-with-copy.ts';
import { DrillFailedError } from './errors.ts';
import { explainError } from './explain-error.ts';
import { type LocalGovernor, processLog, startGovernor } from './local-governor.ts';
import { withLog } from './log-access.ts';
import { restoreExport } from './restore-export.ts';
import type { Session } from './session.ts';

export type DrillStep = {
  readonly step: string;
  readonly ok: boolean;
  readonly ms: number;
  /** What it came to, or why it failed. */
  readonly detail: string;
};

export type DrillReport = {
  /** The copy serves, and no balance differs. */
  readonly ok: boolean;
  readonly steps: readonly DrillStep[];
  /** From the export at hand to a copy that serves; undefined when it did not come so far. */
  readonly recoveryMs: number | undefined;
  readonly teams: number;
  readonly differences: readonly CopyDifference[];
  /** The folder of the copy and its export, when it was kept. */
  readonly kept: string | undefined;
};

/**
 * Does what would be done if the data folder were lost, while the governor serves on: exports the
 * log, restores it into a temporary folder, lets a writer of its own serve the copy, and compares the
 * balances of every team. The live governor is only read.
 */
export async function drill(session: Session, isKept: boolean): Promise<DrillReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bursar-drill-'));
  const steps = new DrillSteps(session);
  try {
    const compared = await rehearse(session, steps, folder);
    const { teams, differences } = compared ?? { teams: 0, differences: [] };
    return {
      ok: steps.done.every(({ ok }) => ok),
      steps: steps.done,
      recoveryMs: compared === undefined ? undefined : steps.msOf('restore') + steps.msOf('start'),
      teams,
      differences,
      kept: isKept ? folder : undefined,
    };
  } finally {
    if (!isKept) await rm(folder, { recursive: true, force: true });
  }
}

/** @returns undefined when a step before the comparison failed */
async function rehearse(session: Session, steps: DrillSteps, folder: string) {
  const { dataDir, signal } = session;
  const file = path.join(folder, 'log.jsonl');
  const copyDir = path.join(folder, 'data');
  let witnesses: readonly SignedHead[] = [];
  const isExported = await steps.run('export', async () => {
    const { messages, heads } = await exportLive(session, file);
    witnesses = heads;
    return countOf(messages, 'message');
  });
  if (!isExported) return undefined;
  const isRestored = await steps.run('restore', async () => {
    const { events, shards } = await restoreExport({
      file,
      dataDir: copyDir,
      signingKeyPem: await readFile(path.join(dataDir, 'keys', 'ledger-signing.key'), 'utf8'),
      witnesses,
      shardCount: undefined,
      progress: (words) => session.screen.progress(words),
      signal,
    });
    return `${countOf(events, 'event')} of ${countOf(shards.length, 'shard')}, read back`;
  });
  if (!isRestored) return undefined;
  return serveAndCompare(session, steps, file, copyDir);
}

async function serveAndCompare(session: Session, steps: DrillSteps, file: string, copyDir: string) {
  let governor: LocalGovernor | undefined;
  try {
    const isServing = await steps.run('start', async () => {
      governor = await startCopy(copyDir);
      return `a writer serves ${countOf(governor.broker.shards, 'shard')} of the copy`;
    });
    if (!isServing) return undefined;
    let compared = { teams: 0, nodes: 0, differences: [] as readonly CopyDifference[] };
    await steps.run('compare', async () => {
      compared = await compareWithCopy(session, file, copyDir);
      const { teams, nodes, differences } = compared;
      const of = `${countOf(nodes, 'balance')} of ${countOf(teams, 'team')}`;
      if (differences.length === 0) return `${of}: equal`;
      throw new DrillFailedError(`${of}: ${countOf(differences.length, 'difference')}`);
    });
    return compared;
  } finally {
    await governor?.stop();
  }
}

/** The witnesses are read first: those that come while it exports are ahead of it. */
async function exportLive(session: Session, file: string) {
  return withLog(session, 'auditor', async ({ ledger, shards, witnessFolder }) => {
    const heads = await readWitnesses(systemHost.files, witnessFolder);
    const all = [...Array(shards).keys()];
    const { messages, missing } = await exportLog(ledger, all, file, Date.now(), shards);
    const [first] = missing;
    if (first === undefined) return { messages, heads };
    const gone = `${countOf(first.count, 'message')} of shard ${first.shard} cannot be read`;
    throw new DrillFailedError(`${gone}; see bursar audit verify`);
  });
}

async function startCopy(copyDir: string): Promise<LocalGovernor> {
  const governor = await startGovernor({
    dataDir: copyDir,
    port: 0,
    natsUrl: '',
    hasWriter: true,
    hasProjector: false,
    log: processLog(path.join(copyDir, 'bursar.log'), 'info'),
    tell: () => {},
  });
  try {
    await governor.writer?.ready();
    const frozen = governor.writer?.status().find(({ state }) => state === 'frozen');
    if (frozen === undefined) return governor;
    throw new DrillFailedError(`shard ${frozen.shard} is frozen: ${frozen.problem?.message}`);
  } catch (error) {
    await governor.stop();
    throw error;
  }
}

/** The steps so far; what goes wrong in one is its result. */
class DrillSteps {
  readonly done: DrillStep[] = [];
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** @returns whether it went well; after Ctrl-C nothing does */
  async run(step: string, work: () => Promise<string>): Promise<boolean> {
    const startMs = performance.now();
    const end = (ok: boolean, detail: string) => {
      this.done.push({ step, ok, ms: Math.round(performance.now() - startMs), detail });
      return ok;
    };
    try {
      this.#session.signal.throwIfAborted();
      this.#session.screen.progress(() => `${step} …`);
      return end(true, await work());
    } catch (error) {
      return end(false, explainError(error).explained.message);
    }
  }

  msOf(step: string): number {
    return this.done.find((one) => one.step === step)?.ms ?? 0;
  }
}
