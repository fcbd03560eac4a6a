import type { Command } from 'commander';
import { teamOf } from '../../events/names.ts';
import { breakersText } from '../breaker-text.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { withGovernor } from '../reach.ts';
import type { Runner, Session } from '../session.ts';
import { tellAnswer } from '../tell-answer.ts';
import { durationMs, nodePath } from '../values.ts';

type OpenOptions = { readonly for?: string; readonly reason?: string };

/** Takes the supply of a tool or another resource away, and gives it back. */
export function addBreakerCommands(program: Command, { run }: Runner): void {
  const breaker = program
    .command('breaker')
    .description('circuit breakers: tools and resources that are not served for a while');
  breaker
    .command('list <path>')
    .description('what is open, half-open or counts failures, over a node and beneath it')
    .addHelpText('after', examples('breaker list acme', 'breaker list acme/research --json'))
    .action(run(list));
  breaker
    .command('open <path> <resource>')
    .description('grant no more of a resource beneath a node')
    .option('--for <duration>', 'then it is tried again (default: until it is closed)')
    .option('--reason <text>', 'for those who ask')
    .addHelpText(
      'after',
      examples('breaker open acme tool.search --for 10m --reason "returns garbage"'),
    )
    .action(
      run(async (session, options: OpenOptions, text: string, resource: string) => {
        const path = nodePath(text);
        const { for: forText, reason } = options;
        return tellAnswer(session, teamOf(path), (client) =>
          client.openBreaker(path, resource, {
            ...(forText === undefined ? {} : { forMs: durationMs(forText, '--for') }),
            ...(reason === undefined ? {} : { reason }),
          }),
        );
      }),
    );
  breaker
    .command('close <path> <resource>')
    .description('serve it again at once, without a probe')
    .addHelpText('after', examples('breaker close acme tool.search'))
    .action(
      run(async (session, _options: object, text: string, resource: string) => {
        const path = nodePath(text);
        return tellAnswer(session, teamOf(path), (client) => client.closeBreaker(path, resource));
      }),
    );
}

async function list(session: Session, _options: object, text: string): Promise<ExitCode> {
  const path = nodePath(text);
  const { screen } = session;
  const balance = await withGovernor(session, teamOf(path), (client) => client.balance(path));
  const { breakers = [] } = balance;
  screen.result({ outcome: 'breakers', path, breakers }, () =>
    breakersText(breakers, screen.paint),
  );
  return EXIT.ok;
}
