import type { Command } from 'commander';
import { examples } from '../examples.ts';
import { teamOfSession } from '../reach.ts';
import type { Runner } from '../session.ts';
import { tellAnswer } from '../tell-answer.ts';

/** What became of a command, and why. */
export function addStatusCommands(program: Command, { run }: Runner): void {
  program
    .command('status <id>')
    .description('what became of a request, an allocation or any command, by its id')
    .addHelpText('after', examples('status k3J9x --team acme'))
    .action(
      run(async (session, _options: object, id: string) =>
        tellAnswer(session, teamOfSession(session), (client) => client.status(id)),
      ),
    );
  program
    .command('explain <id>')
    .description('the recorded events behind a decision, with its rule and factors')
    .addHelpText(
      'after',
      `${examples('explain k3J9x --team acme')}\n\nFor ids of long ago: \`bursar audit explain\`, which reads the log.`,
    )
    .action(
      run(async (session, _options: object, id: string) =>
        tellAnswer(session, teamOfSession(session), (client) => client.explain(id)),
      ),
    );
}
