import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportLog } from '../events/export-write.ts';
import { readEvent } from '../events/upcast.ts';
import { verifyLedger } from '../events/verify.ts';
import { readWitnesses } from '../events/witness.ts';
import { systemHost } from '../host/system-host.ts';
import { countOf, countText } from '../workload/number-text.ts';
import { withLog } from './log-access.ts';
import type { Colours } from './screen.ts';
import type { Session } from './session.ts';

/** What the log says about itself, and what was recounted from it. */
export type LogVerdict = {
  /** Every message in its place, chained and signed, and every sum as recounted. */
  readonly ok: boolean;
  readonly events: number;
  readonly blocks: number;
  /** Of `audit verify`. */
  readonly findings: number;
  /** How often a hold was compared with a limit on its path. */
  readonly limitsChecked: number;
  readonly admissionsAboveLimit: number;
  /** Whatever the recount found, the first few in words. */
  readonly faults: readonly string[];
};

const FAULTS_SHOWN_MAX = 5;

/** How the recount words an admission above a limit. */
const ABOVE_LIMIT = / admits \d+ /;
const CHECKER = fileURLToPath(new URL('../projections/check-log.ts', import.meta.url));
const OUTPUT_BYTES_MAX = 64 * 2 ** 20;

/** What the checker prints: one line of JSON. */
type Recount = {
  readonly events: number;
  readonly blocks: number;
  readonly limitsChecked: number;
  readonly faults: readonly string[];
};

/**
 * Verifies the whole log, then has every admission recounted from an export of it, in a process of
 * its own that shares nothing with the governor but the codec.
 */
export async function checkWholeLog(session: Session): Promise<LogVerdict> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bursar-check-'));
  try {
    const file = path.join(folder, 'log.jsonl');
    const findings = await exportAndVerify(session, file);
    session.screen.progress(() => 'recounting every admission from the log …');
    const { events, blocks, limitsChecked, faults } = await recount(file, session.signal);
    return {
      ok: findings === 0 && faults.length === 0,
      events,
      blocks,
      findings,
      limitsChecked,
      admissionsAboveLimit: faults.filter((fault) => ABOVE_LIMIT.test(fault)).length,
      faults: faults.slice(0, FAULTS_SHOWN_MAX),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns how much is wrong with the live log */
async function exportAndVerify(session: Session, file: string): Promise<number> {
  return withLog(session, 'auditor', async ({ ledger, shards, pinnedKeys, witnessFolder }) => {
    const witnesses = await readWitnesses(systemHost.files, witnessFolder);
    let findings = 0;
    for (let shard = 0; shard < shards; shard += 1) {
      session.screen.progress(() => `verifying shard ${shard + 1} of ${shards} …`);
      const settings = { pinnedKeys, witnesses, parseEvent: readEvent };
      const report = await verifyLedger(ledger, shard, settings);
      findings += report.findings.length + report.findingsLeftOut;
    }
    await exportLog(ledger, [...Array(shards).keys()], file, Date.now());
    return findings;
  });
}

async function recount(file: string, signal: AbortSignal): Promise<Recount> {
  const args = ['--import', import.meta.resolve('tsx'), CHECKER, file];
  const output = await new Promise<string>((resolve, reject) => {
    const options = { maxBuffer: OUTPUT_BYTES_MAX, signal };
    // It exits with 1 when it has found faults; they are in what it printed.
    execFile(process.execPath, args, options, (error, stdout) => {
      if (error !== null && stdout === '') reject(error);
      else resolve(stdout);
    });
  });
  return JSON.parse(output) as Recount;
}

/** The verdict for people. */
export function verdictText(verdict: LogVerdict, paint: Colours): string {
  const { events, blocks, findings, limitsChecked, admissionsAboveLimit, faults } = verdict;
  const log = `${countOf(events, 'event')} in ${countOf(blocks, 'block')}`;
  const recount =
    `${countText(admissionsAboveLimit)} of ${countOf(limitsChecked, 'check')} of a hold against a ` +
    'limit were above it, recounted from the log alone';
  const good = paint.green;
  return [
    paint.bold('Audit'),
    findings === 0
      ? good(`  ${log}: each in its place, chained and signed`)
      : paint.red(`  ${log}: ${countOf(findings, 'finding')}; see bursar audit verify`),
    admissionsAboveLimit === 0 ? good(`  ${recount}`) : paint.red(`  ${recount}`),
    ...faults.map((fault) => paint.red(`  ${fault}`)),
  ].join('\n');
}
