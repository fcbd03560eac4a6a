import { driveWorkload } from '../workload/drive.ts';
import type { DriveProgress } from '../workload/drive-options.ts';
import { usdText } from '../workload/money.ts';
import { countText, durationText } from '../workload/number-text.ts';
import { spendPicture } from '../workload/picture.ts';
import type { Plan } from '../workload/plan.ts';
import { openPriceBook } from '../workload/pricing.ts';
import { workloadReport } from '../workload/report.ts';
import { type ReportFiles, writeReportFiles } from '../workload/report-files.ts';
import { reportText } from '../workload/report-text.ts';
import { checkWholeLog, type LogVerdict, verdictText } from './check-log.ts';
import type { DriveSettings } from './drive-options.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { governorAccess } from './governor-access.ts';
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
  const title = titleOf(job);
  const files = await writeReportFiles(job.folder, {
    title,
    picture: { name: 'spend', svg: spendPicture({ title, panels: driven.panels }) },
    text: reportText(report, { colours: false }),
    report,
  });
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

/** Where a report was put, for people. */
export function filesText({ html, svg, json }: ReportFiles): string {
  return `Report: ${html}\nPicture: ${svg}\nFigures: ${json}`;
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
