import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Where a report was put. */
export type ReportFiles = {
  /** Words and picture in one page. */
  readonly html: string;
  readonly svg: string;
  readonly text: string;
  readonly json: string;
};

/** What a report is made of. */
export type ReportParts = {
  /** Of the page and of the picture. */
  readonly title: string;
  /** An SVG. */
  readonly picture: { readonly name: string; readonly svg: string };
  /** For people, without colours. */
  readonly text: string;
  /** All figures, as JSON. */
  readonly report: object;
};

/**
 * Writes a report into a folder, which is made if need be: `report.html` for people, its picture as
 * `<name>.svg`, its words as `report.txt`, and all figures as `report.json`.
 *
 * @throws errors of the file system
 */
export async function writeReportFiles(
  folder: string,
  { title, picture: { name, svg }, text, report }: ReportParts,
): Promise<ReportFiles> {
  const files = {
    html: path.join(folder, 'report.html'),
    svg: path.join(folder, `${name}.svg`),
    text: path.join(folder, 'report.txt'),
    json: path.join(folder, 'report.json'),
  };
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
