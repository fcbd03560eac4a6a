import { Command } from 'commander';
import { judgeRecord } from './judge-record.ts';
import { readScenarios, ScenarioFileError } from './read-file.ts';
import { linesOf, tallyLineOf, tallyOf } from './report.ts';
import type { Judged } from './verdict.ts';

/** What the command line asks for. */
interface ConformanceOptions {
  readonly only?: string;
  readonly json: boolean;
}

await new Command('conformance')
  .description(
    'Runs scenarios that other systems settled through the real decision path. One line each, ' +
      'differences in full. Exit code 1 if any failed or none was run, 2 if a file cannot be used.',
  )
  .argument('<file...>', 'files of scenarios, as docs/conformance.md describes them')
  .option('--only <prefix>', 'only records whose id begins so')
  .option('--json', 'print JSON alone', false)
  .action(run)
  .parseAsync()
  .catch(sayUnusable);

async function run(files: readonly string[], { only = '', json }: ConformanceOptions) {
  const judged: Judged[] = [];
  const say = (line: string) => process.stdout.write(`${line}\n`);
  for (const record of files.flatMap(readScenarios)) {
    if (!record.id.startsWith(only)) continue;
    const one = { record, verdict: await judgeRecord(record) };
    judged.push(one);
    if (!json) for (const line of linesOf(one)) say(line);
  }
  const tally = tallyOf(judged);
  if (json) {
    const records = judged.map(({ record: { id, title }, verdict }) => ({ id, title, ...verdict }));
    say(JSON.stringify({ ...tally, records }, null, 2));
  } else {
    say(tallyLineOf(tally));
  }
  if (tally.failed > 0 || judged.length === 0) process.exitCode = 1;
}

function sayUnusable(error: unknown): void {
  if (!(error instanceof ScenarioFileError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
