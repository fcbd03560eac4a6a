import type { Command } from 'commander';
import { readBudgetFile } from '../workload/budget-file.ts';
import { type BudgetOptions, budgetsFromOptions } from '../workload/budget-options.ts';
import { BUDGET_TIERS, type Budgets, mergeBudgets } from '../workload/budgets.ts';
import { type DriveSpeed, ON_DENY, type OnDeny } from '../workload/drive-options.ts';
import { UsageError } from './errors.ts';
import { durationMs, wholeNumber } from './values.ts';

/** How a workload is driven, as texts of a command line. */
export type DriveTexts = BudgetOptions & {
  readonly speed?: string;
  readonly onDeny: string;
  readonly maxWait?: string;
  readonly atOnce?: string;
  readonly budget?: string;
  readonly defaultModel?: string;
  readonly report: string;
};

/** The same, understood. */
export type DriveSettings = {
  readonly speed: DriveSpeed;
  readonly onDeny: OnDeny;
  readonly maxWaitMs: number | null;
  readonly atOnceMax: number | undefined;
  readonly budgets: Budgets;
  readonly defaultModel: string | null;
};

/** Adds the options that `workload` and `demo` have in common. */
export function withDriveOptions(command: Command, speedDefault: string): Command {
  command
    .option(
      '--speed <n|max>',
      `times faster than recorded; max: without pauses (default: ${speedDefault})`,
    )
    .option('--on-deny <what>', `what an agent does when denied: ${ON_DENY.join(', ')}`, 'end-run')
    .option(
      '--max-wait <duration>',
      'how long an ask may wait in the queue, as recorded (default: not at all; 60s where a concurrency is capped)',
    )
    .option('--at-once <runs>', 'most runs at once (default: as many as recorded)')
    .option('--budget <file>', 'caps by tier and path, YAML or JSON; options below win')
    .option('--default-model <name>', 'prices rows without a model that the price book knows')
    .option('--report <dir>', 'where the report is put', 'report');
  for (const tier of BUDGET_TIERS) {
    command
      .option(`--${tier}-cap <usd>`, `credits that each ${tier} may use`)
      .option(`--${tier}-tool-calls <n>`, `tool calls that each ${tier} may make`)
      .option(`--${tier}-concurrency <n>`, `calls that each ${tier} may have under way at once`);
  }
  return command;
}

/** @throws UsageError, BudgetError */
export async function driveSettings(
  texts: DriveTexts,
  defaults: { readonly speed: DriveSpeed; readonly budgets: Budgets },
): Promise<DriveSettings> {
  const fromFile = texts.budget === undefined ? undefined : await readBudgetFile(texts.budget);
  const budgets = mergeBudgets(fromFile ?? defaults.budgets, budgetsFromOptions(texts));
  return {
    speed: texts.speed === undefined ? defaults.speed : speedFrom(texts.speed),
    onDeny: onDenyFrom(texts.onDeny),
    maxWaitMs: texts.maxWait === undefined ? null : durationMs(texts.maxWait, '--max-wait'),
    atOnceMax: texts.atOnce === undefined ? undefined : wholeNumber(texts.atOnce, '--at-once', 1),
    budgets,
    defaultModel: texts.defaultModel ?? null,
  };
}

/** @throws UsageError */
export function speedFrom(text: string): DriveSpeed {
  if (text === 'max') return text;
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (speed > 0) return speed;
  throw new UsageError(
    `--speed: '${text}' is no speed.`,
    'Write a number above 0, such as 60, or max.',
  );
}

function onDenyFrom(text: string): OnDeny {
  const found = ON_DENY.find((what) => what === text);
  if (found !== undefined) return found;
  throw new UsageError(`--on-deny: '${text}' is none of them.`, `Write ${ON_DENY.join(', ')}.`);
}
