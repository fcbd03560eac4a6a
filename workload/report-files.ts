import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { spendPicture } from './picture.ts';
import type { WorkloadReport } from './report.ts';
import { reportText } from './report-text.ts';
import type { SpendPanel } from './spend-recorder.ts';

/** Where a report was put. */
export type ReportFiles = {
  /** Words and picture in one page. */
  readonly html: string;
  readonly svg: string;
  readonly text: string;
  readonly json: string;
};

/**
 * Writes a report into a folder, which is made if need be: `report.html` for people, its picture as
 * `spend.svg`, its words as `report.txt`, and all figures as `report.json`.
 *
 * @param title of page and picture
 * @throws errors of the file system
 */
export async function writeReportFiles(
  folder: string,
  title: string,
  report: WorkloadReport,
  panels: readonly SpendPanel[],
): Promise<ReportFiles> {
  const files = {
    html: path.join(folder, 'report.html'),
    svg: path.join(folder, 'spend.svg'),
    text: path.join(folder, 'report.txt'),
    json: path.join(folder, 'report.json'),
  };
  const svg = spendPicture({ title, panels });
  const text = reportText(report, { colours: false });
  await mkdir(folder, { recursive: true });
  await Promise.all([
    writeFile(files.svg, svg),
    writeFile(files.text, text),
    writeFile(files.json, `${JSON.stringify(report, undefined, 2)}\n`),
    writeFile(files.html, pageOf(title, svg, text)),
  ]);
  return files;
}

function pageOf(title: string, svg: string, text: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
  body { margin: 2rem auto; max-width: 1100px; padding: 0 1rem; background: #fff; color: #1f2933; }
  svg { max-width: 100%; height: auto; }
  pre { font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; overflow-x: auto; }
</style>
${svg}
<pre>${escaped(text)}</pre>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
