import { countText, durationText } from '../workload/number-text.ts';
import { writeReportFiles } from '../workload/report-files.ts';
import { driveTrials, type TrialProgress } from '../workload/trials/drive-trials.ts';
import { slotPicture } from '../workload/trials/slot-picture.ts';
import type { TrialPlan } from '../workload/trials/trial-plan.ts';
import { TrialCount, type TrialRecount } from '../workload/trials/trial-recount.ts';
import { trialReport } from '../workload/trials/trial-report.ts';
import { trialReportText } from '../workload/trials/trial-report-text.ts';
import { checkWholeLog, verdictText } from './check-log.ts';
import { filesText } from './drive-and-report.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { governorAccess } from './governor-access.ts';
import { eachLogItem } from './log-events.ts';
import type { Session } from './session.ts';
import type { TrialSettings } from './trial-options.ts';

/** A log of whole runs to be driven, and what to do with what it comes to. */
export type TrialJob = {
  readonly source: string;
  readonly plan: TrialPlan;
  readonly settings: TrialSettings;
  /** Folder of the report. */
  readonly folder: string;
  /** Verify the log afterwards and recount every admission from it. */
  readonly isAudited: boolean;
};

/** Drives whole runs through the governor of this session, and tells what they came to. */
export async function driveTrialsAndReport(session: Session, job: TrialJob): Promise<ExitCode> {
  const { screen, signal } = session;
  const { settings, plan, source } = job;
  const { speed } = settings;
  const driven = await driveTrials({
    ...settings,
    plan,
    signal,
    governor: await governorAccess(session, plan.teams),
    onProgress: (progress) => screen.progress(() => progressText(progress)),
  });
  screen.progress(() => 'recounting places and limits from the log …');
  const recount = await recountFrom(session, plan);
  const verdict = job.isAudited && !signal.aborted ? await checkWholeLog(session) : null;
  const admissionsAboveLimit = verdict?.admissionsAboveLimit ?? null;
  const report = trialReport({ source, plan, speed, admissionsAboveLimit }, driven, recount);
  const name = source.split('/').at(-1) ?? source;
  const title = `${name}, ${speed} × as fast as recorded`;
  const files = await writeReportFiles(job.folder, {
    title,
    picture: { name: 'slots', svg: slotPicture({ title, pools: recount.pools, speed }) },
    text: trialReportText(report, { colours: false }),
    report,
  });
  screen.result({ ...report, audit: verdict, files }, () =>
    [
      trialReportText(report, { colours: screen.paint.isColorSupported }),
      ...(verdict === null ? [] : [verdictText(verdict, screen.paint), '']),
      filesText(files),
    ].join('\n'),
  );
  if (signal.aborted) return EXIT.interrupted;
  const isSound =
    report.rows.addsUp &&
    report.poolsExceeded.length === 0 &&
    report.limits.overstayed === 0 &&
    report.booksDiffer.length === 0 &&
    (verdict === null || verdict.ok);
  return isSound ? EXIT.ok : EXIT.unsound;
}

/** Reads the genuine log of all teams of the plan. */
async function recountFrom(session: Session, plan: TrialPlan): Promise<TrialRecount> {
  const count = new TrialCount(plan);
  await eachLogItem(session, { team: undefined }, (item) => {
    if (item.kind === 'event') count.take(item.recorded.event);
    return undefined;
  });
  return count.end();
}

function progressText({ rows, rowsDone, timedOut, elapsedMs }: TrialProgress): string {
  return (
    `${countText(rowsDone)} of ${countText(rows)} runs, ${countText(timedOut)} timed out, ` +
    durationText(elapsedMs)
  );
}
