import { type Command, Option } from 'commander';
import { DistributionMethod, DistributionSets } from '../../events/distribution.ts';
import { teamOf } from '../../events/names.ts';
import { collect, withAmounts } from '../ask-options.ts';
import { examples } from '../examples.ts';
import type { Runner } from '../session.ts';
import { childrenFrom, type DivideOptions, dividedFrom, permilleFrom } from '../share-options.ts';
import { tellAnswer } from '../tell-answer.ts';
import { nodePath } from '../values.ts';

type DistributeOptions = DivideOptions & {
  readonly by: DistributionMethod;
  readonly sets: DistributionSets;
  readonly child?: readonly string[];
  readonly keep?: string;
  readonly dryRun?: true;
  readonly id?: string;
};

/** A budget divided over the children of a node. */
export function addDistribute(program: Command, { run }: Runner): void {
  const distribute = program
    .command('distribute <path>')
    .description('divide what a node has over its children, by need, priority, goals …');
  withAmounts(distribute, 'credits to divide, in USD: the sum of the shares')
    .option('--all <name>', 'divide all that there is of a resource; may be repeated', collect)
    .addOption(
      new Option('--by <method>', 'how').choices(DistributionMethod.options).default('auto'),
    )
    .option(
      '--child <name=terms>',
      'takes part; without any all open children do: a=weight:2,priority:high,need:5,estimate:4,min:1,max:9,goal:3,done:40%',
      collect,
    )
    .addOption(
      new Option('--sets <what>', 'of the children')
        .choices(DistributionSets.options)
        .default('limit'),
    )
    .option('--keep <percent>', 'hold back a part of it, such as 10%')
    .option('--dry-run', 'only show the plan')
    .option('--id <id>', 'idempotency key: divided once')
    .addHelpText(
      'after',
      examples(
        'distribute acme/research --credits 10 --by fair --child run-1=weight:2 --child run-2',
        'distribute acme/research --all credits --by demand --keep 10% --dry-run',
      ),
    )
    .action(
      run(async (session, options: DistributeOptions, text: string) => {
        const path = nodePath(text);
        const amounts = dividedFrom(options);
        const children = childrenFrom(options.child ?? [], Object.keys(amounts));
        const { by: method, sets, keep, dryRun, id } = options;
        return tellAnswer(session, teamOf(path), (client) =>
          client.distribute(path, {
            amounts,
            method,
            sets,
            ...(children === undefined ? {} : { children }),
            ...(keep === undefined ? {} : { keepPermille: permilleFrom(keep, '--keep') }),
            ...(dryRun === undefined ? {} : { dryRun }),
            ...(id === undefined ? {} : { id }),
          }),
        );
      }),
    );
}
