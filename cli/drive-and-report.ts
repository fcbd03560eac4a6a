import { createHash } from 'node:crypto';
import { type Agent, addAgent } from '../broker/agents.ts';
import { pathsIn } from '../broker/data-folder.ts';
import { ConnectError, connect } from '../client/client.ts';
import { driveWorkload } from '../workload/drive.ts';
import type { DriveProgress, GovernorAccess } from '../workload/drive-options.ts';
import { WORKLOAD_LIMITS } from '../workload/limits.ts';
import { usdText } from '../workload/money.ts';
import { countText, durationText } from '../workload/number-text.ts';
import type { Plan } from '../workload/plan.ts';
import { openPriceBook } from '../workload/pricing.ts';
import { workloadReport } from '../workload/report.ts';
import { type ReportFiles, writeReportFiles } from '../workload/report-files.ts';
import { reportText } from '../workload/report-text.ts';
import { checkWholeLog, type LogVerdict, verdictText } from './check-log.ts';
import type { DriveSettings } from './drive-options.ts';
import { NotReloadedError } from './errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { brokerAddress, connectGovernor } from './reach.ts';
import type { Session } from './session.ts';

/** A workload to be driven, and what to do with what it comes to. */
export type DriveJob = {
  readonly source: string;
  readonly plan: Plan;
  readonly settings: DriveSettings;
  /** Folder of the report. */
  readonly folder: string;
  /** Verify the log afterwards and recount every admission from it. */
  readonly isAudited: boolean;
};

/** Drives a workload through the governor of this session, and tells what it came to. */
export async function driveAndReport(session: Session, job: DriveJob): Promise<ExitCode> {
  const { screen, signal } = session;
  const { settings, plan, source } = job;
  const book = await openPriceBook({ asOfMs: Date.now() });
  const driven = await driveWorkload({
    ...settings,
    source,
    plan,
    signal,
    pricing: { book, defaultModel: settings.defaultModel },
    governor: await governorAccess(session, plan.teams),
    onProgress: (progress) => screen.progress(() => progressText(progress)),
  });
  const verdict = job.isAudited && !signal.aborted ? await checkWholeLog(session) : null;
  const admissionsAboveLimit = verdict?.admissionsAboveLimit ?? null;
  const report = workloadReport({ ...driven.outcome, admissionsAboveLimit }, driven.tally);
  const files = await writeReportFiles(job.folder, titleOf(job), report, driven.panels);
  screen.result({ ...report, audit: verdict, files }, () =>
    [
      reportText(report, { colours: screen.paint.isColorSupported }),
      ...(verdict === null ? [] : [verdictText(verdict, screen.paint), '']),
      filesText(files),
    ].join('\n'),
  );
  if (signal.aborted) return EXIT.interrupted;
  const isSound = report.rows.addsUp && report.booksDiffer.length === 0 && isWhole(verdict);
  return isSound ? EXIT.ok : EXIT.unsound;
}

function isWhole(verdict: LogVerdict | null): boolean {
  return verdict === null || verdict.ok;
}

function titleOf({ source, settings }: DriveJob): string {
  const name = source.split('/').at(-1) ?? source;
  const pace =
    settings.speed === 'max' ? 'without pauses' : `${settings.speed} × as fast as recorded`;
  return `${name}, ${pace}`;
}

function filesText({ html, svg, json }: ReportFiles): string {
  return `Report: ${html}\nPicture: ${svg}\nFigures: ${json}`;
}

/** Makes one agent a team, all at once, so that a server of one's own is reloaded once. */
async function governorAccess(session: Session, teams: readonly string[]): Promise<GovernorAccess> {
  const { dataDir } = session;
  const { url } = brokerAddress(session);
  const timeoutMs = WORKLOAD_LIMITS.commandMsMax;
  const agents = new Map<string, Agent>();
  for (const team of teams) {
    agents.set(team, await addAgent(dataDir, { name: driverOf(team), team }));
  }
  const onWarning = (warning: Error) => session.screen.aside(warning.message);
  return {
    operatorOf: (team) => connectGovernor(session, team, 'operator', timeoutMs),
    agentOf: async (team) => {
      const agent = agents.get(team);
      if (agent === undefined) throw new Error(`no agent of ${team}`);
      const { name, seed, isLive } = agent;
      try {
        return await connect({ url, agent: name, team, seed, timeoutMs, onWarning });
      } catch (error) {
        if (isLive || !(error instanceof ConnectError) || error.retryable) throw error;
        throw new NotReloadedError(name, pathsIn(dataDir).generatedConf, error);
      }
    },
  };
}

const NAME_CHARS_MAX = 64;

/** The agent that stands for all agents of a team: `driver-<team>`. */
function driverOf(team: string): string {
  const name = `driver-${team}`;
  if (name.length <= NAME_CHARS_MAX) return name;
  const hash = createHash('sha256').update(team).digest('hex').slice(0, 12);
  return `${name.slice(0, NAME_CHARS_MAX - 1 - hash.length)}-${hash}`;
}

function progressText(progress: DriveProgress): string {
  const { rows, rowsDone, granted, denied, notAsked, runsUnderWay, spentMicro, elapsedMs } =
    progress;
  const perSecond = elapsedMs > 0 ? Math.round((rowsDone * 1_000) / elapsedMs) : 0;
  return (
    `${countText(rowsDone)} of ${countText(rows)} rows, ${countText(perSecond)}/s: ` +
    `${countText(granted)} granted, ${countText(denied)} denied, ${countText(notAsked)} not asked, ` +
    `${usdText(spentMicro)} spent, ${countText(runsUnderWay)} runs under way, ${durationText(elapsedMs)}`
  );
}
