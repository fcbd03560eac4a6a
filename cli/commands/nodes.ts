import type { Command } from 'commander';
import { BranchMethod } from '../../events/branches.ts';
import { teamOf } from '../../events/names.ts';
import { WeightMilli } from '../../events/weight.ts';
import { priorityFrom, withLimits } from '../ask-options.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../examples.ts';
import type { Runner } from '../session.ts';
import { tellAnswer } from '../tell-answer.ts';
import { durationMs, nodePath } from '../values.ts';
import { type TermOptions, termsFrom, withTerms } from '../window-options.ts';

type OpenOptions = TermOptions & {
  readonly tier?: string;
  readonly priorityMax?: string;
  readonly deadline?: string;
  readonly branchOf?: string;
  readonly branchBy?: string;
  readonly weight?: string;
};
type SetLimitsOptions = TermOptions & { readonly reclaim?: boolean };
type CloseOptions = { readonly force?: boolean; readonly grace?: string };

/** What is done with the nodes of the tree. */
export function addNodeCommands(program: Command, runner: Runner): void {
  addOpen(program, runner);
  addClose(program, runner);
  addBudgets(program, runner);
}

function addOpen(program: Command, { run }: Runner): void {
  const open = program
    .command('open <path>')
    .description('open a team, swarm, run or step, with limits of its own');
  withTerms(withLimits(open))
    .option('--tier <tier>', 'of the third level and deeper: run (default) or step')
    .option('--priority-max <name>', 'highest priority that may be claimed beneath it')
    .option('--deadline <duration>', 'it is closed by force then, or with its parent if earlier')
    .option('--branch-of <path>', 'a parallel branch of its run: it shares the limits of that')
    .option(
      '--branch-by <method>',
      'how the run divides them: fair (default), proportional, priority',
    )
    .option('--weight <number>', 'share beside its siblings, such as 0.5 (default: 1)')
    .addHelpText(
      'after',
      examples(
        'open acme --credits 100',
        'open acme/research/run-42/left --branch-of acme/research/run-42 --branch-by proportional',
        'open acme/research --credits 20 --limit concurrency=8',
        'open acme/daily --credits 5 --window credits=1d@Europe/Berlin --threshold credits=80%:warning',
        'open acme/research/run-42 --credits 1 --guarantee credits=0.25',
        'open acme/nightly --guarantee concurrency=8 --lend concurrency=6 --deadline 4h',
      ),
    )
    .action(
      run(async (session, options: OpenOptions, text: string) => {
        const path = nodePath(text);
        const limits = termsFrom(options);
        const { tier, priorityMax, deadline } = options;
        if (tier !== undefined && tier !== 'run' && tier !== 'step') {
          throw new UsageError(`--tier: '${tier}' is no tier.`, 'Write run or step.');
        }
        return tellAnswer(session, teamOf(path), (client) =>
          client.open(path, {
            ...(Object.keys(limits).length === 0 ? {} : { limits }),
            ...(tier === undefined ? {} : { tier }),
            ...branchFrom(options),
            ...(deadline === undefined ? {} : { deadlineMs: durationMs(deadline, '--deadline') }),
            ...(priorityMax === undefined
              ? {}
              : { priorityMax: priorityFrom(priorityMax, '--priority-max') }),
          }),
        );
      }),
    );
}

/** What makes it a branch, and its weight. @throws UsageError */
function branchFrom({ branchOf, branchBy, weight }: OpenOptions) {
  const method = BranchMethod.safeParse(branchBy ?? 'fair');
  if (!method.success) {
    const methods = BranchMethod.options.join(', ');
    throw new UsageError(`--branch-by: '${branchBy}' is no method.`, `Write one of ${methods}.`);
  }
  const weightMilli = Math.round(Number(weight ?? 1) * 1_000);
  if (!WeightMilli.safeParse(weightMilli).success) {
    throw new UsageError(`--weight: '${weight}' is no weight.`, 'Write a number such as 0.5 or 2.');
  }
  return {
    ...(branchOf === undefined ? {} : { branchOf: nodePath(branchOf) }),
    ...(branchBy === undefined ? {} : { branchBy: method.data }),
    ...(weight === undefined ? {} : { weightMilli }),
  };
}

function addClose(program: Command, { run }: Runner): void {
  program
    .command('close <path>')
    .description('close a node and all beneath it; its name is not used again')
    .option('--force', 'end the allocations that are still live')
    .option('--grace <duration>', 'with --force: time that they have left (default: none)')
    .addHelpText(
      'after',
      examples('close acme/research/run-42', 'close acme/research --force --grace 30s'),
    )
    .action(
      run(async (session, options: CloseOptions, text: string) => {
        const path = nodePath(text);
        const { force, grace } = options;
        return tellAnswer(session, teamOf(path), (client) =>
          client.close(path, {
            ...(force === undefined ? {} : { force }),
            ...(grace === undefined ? {} : { graceMs: durationMs(grace, '--grace') }),
          }),
        );
      }),
    );
}

function addBudgets(program: Command, { run }: Runner): void {
  const setLimits = program
    .command('set-limits <path>')
    .description('set limits and guarantees; those not named stay as they are');
  withTerms(withLimits(setLimits))
    .option('--reclaim', 'take back at once what is held above a limit that is cut')
    .addHelpText(
      'after',
      examples(
        'set-limits acme/research --credits 30',
        'set-limits acme/research --limit concurrency=none --guarantee credits=5',
        'set-limits acme/research --limit memory=4GiB --reclaim',
      ),
    )
    .action(
      run(async (session, options: SetLimitsOptions, text: string) => {
        const path = nodePath(text);
        const limits = termsFrom(options);
        if (Object.keys(limits).length === 0) {
          throw new UsageError(
            'It does not say which limits.',
            'Give --credits, --limit NAME=AMOUNT, --guarantee NAME=AMOUNT or --window NAME=EVERY.',
          );
        }
        const { reclaim } = options;
        return tellAnswer(session, teamOf(path), (client) =>
          client.setLimits(path, limits, reclaim === undefined ? {} : { reclaim }),
        );
      }),
    );
}
