import type { Command } from 'commander';
import { changesBetween } from '../../policies/diff.ts';
import { isUsable } from '../../policies/problem.ts';
import type { PolicyFile } from '../../policies/read-policy.ts';
import { countOf } from '../../workload/number-text.ts';
import { answerText } from '../answer-text.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { changesText } from '../policy-diff-text.ts';
import { readPolicyFile, tellProblems } from '../policy-file.ts';
import { policyHistory, policyPresets, showPolicy } from '../policy-show.ts';
import { teamOfSession, withGovernor } from '../reach.ts';
import type { Runner, Session } from '../session.ts';
import { wholeNumber } from '../values.ts';

/** What is done with the policy of a team: a file, versioned in the log. */
export function addPolicyCommands(program: Command, { run }: Runner): void {
  const policy = program
    .command('policy')
    .description('check, compare, apply and show the policy of a team');
  policy
    .command('check <file>')
    .description('say everything that is wrong with a policy file; needs no server')
    .option('--strict', 'take warnings for errors')
    .addHelpText('after', examples('policy check policy.yaml', 'policy check policy.yaml --json'))
    .action(run(check));
  policy
    .command('diff <file>')
    .description('show in which fields a file differs from the policy in force; exits 1 if it does')
    .addHelpText('after', examples('policy diff policy.yaml --team acme'))
    .action(run(diff));
  policy
    .command('apply <file>')
    .description('set the policy of a team from a YAML or JSON file')
    .option('--if-version <number>', 'only while this version is in force')
    .option('--comment <text>', 'why, for the history (default: that of the file)')
    .option('--dry-run', 'only show what would change, and whether it could be set')
    .addHelpText(
      'after',
      `${examples(
        'policy apply policy.yaml --team acme',
        'policy apply policy.yaml --if-version 3 --comment "more for nightly runs"',
        'policy apply policy.yaml --dry-run',
      )}\n\nA policy such as:\n  bursar: policy/v1\n  team: acme\n  preset: guarded\n` +
        '  autoOpen: runs\n  aging: { intervalMs: 5000, step: 20 }',
    )
    .action(run(apply));
  policy
    .command('show')
    .description('the policy in force as a file, or an earlier version of it')
    .option('--version <number>', 'this version, from the log')
    .option('--all', 'fields that have their defaults too')
    .addHelpText('after', examples('policy show --team acme', 'policy show --version 2 --all'))
    .action(run(showPolicy));
  policy
    .command('history')
    .description('every policy that was ever set, and in which fields each differs from the last')
    .addHelpText('after', examples('policy history --team acme'))
    .action(run(policyHistory));
  policy
    .command('presets [name]')
    .description('list the presets, or print one as a file to begin with')
    .addHelpText('after', examples('policy presets', 'policy presets strict --team acme'))
    .action(run(policyPresets));
}

async function check(
  session: Session,
  options: { readonly strict?: boolean },
  name: string,
): Promise<ExitCode> {
  const read = await readPolicyFile(name, session.team);
  tellProblems(session, read);
  const isFine = options.strict ? read.problems.length === 0 : isUsable(read.problems);
  return isFine ? EXIT.ok : EXIT.usage;
}

async function diff(session: Session, _options: object, name: string): Promise<ExitCode> {
  const file = await usableFile(session, name);
  if (file === undefined) return EXIT.usage;
  const { screen } = session;
  const team = file.team ?? teamOfSession(session);
  const { version, policy } = await withGovernor(session, team, (client) => client.policy(team));
  const changes = changesBetween(policy, file.policy);
  const outcome = changes.length === 0 ? 'same' : 'different';
  screen.result({ outcome, team, version, changes }, () =>
    changes.length === 0
      ? `${name} is version ${version}, which is in force`
      : changesText(changes, screen.paint),
  );
  return changes.length === 0 ? EXIT.ok : EXIT.failed;
}

type ApplyOptions = {
  readonly ifVersion?: string;
  readonly comment?: string;
  readonly dryRun?: boolean;
};

async function apply(session: Session, options: ApplyOptions, name: string): Promise<ExitCode> {
  const file = await usableFile(session, name);
  if (file === undefined) return EXIT.usage;
  const { screen } = session;
  const { ifVersion } = options;
  const expected = ifVersion === undefined ? undefined : wholeNumber(ifVersion, '--if-version');
  const team = file.team ?? teamOfSession(session);
  return withGovernor(session, team, async (client) => {
    const inForce = await client.policy(team);
    const { version } = inForce;
    const changes = changesBetween(inForce.policy, file.policy);
    const isAsExpected = expected === undefined || expected === version;
    if (isAsExpected && changes.length === 0) {
      const told = { outcome: 'unchanged', team, version, changes };
      screen.result(told, () => `nothing to change: version ${version} says the same`);
      return EXIT.ok;
    }
    // Whoever else sets one in between is told by the governor, not overwritten.
    const answer = await client.setPolicy(
      team,
      file.policy,
      termsOf(file, options, expected ?? version),
    );
    screen.result({ ...answer, team, changes }, () =>
      [changesText(changes, screen.paint), answerText(answer, screen.paint)].join('\n'),
    );
    return EXIT.ok;
  });
}

function termsOf({ preset, comment }: PolicyFile, options: ApplyOptions, ifVersion: number) {
  const why = options.comment ?? comment;
  return {
    ifVersion,
    ...(options.dryRun === undefined ? {} : { dryRun: options.dryRun }),
    ...(preset === undefined ? {} : { preset }),
    ...(why === undefined ? {} : { comment: why }),
  };
}

/** The file, or undefined after what is wrong with it was told; its warnings go beside the result. */
async function usableFile(session: Session, name: string): Promise<PolicyFile | undefined> {
  const read = await readPolicyFile(name, session.team);
  if (read.file === undefined) tellProblems(session, read);
  else if (read.problems.length > 0) {
    session.screen.aside(
      `${countOf(read.problems.length, 'warning')}; bursar policy check ${name}`,
    );
  }
  return read.file;
}
