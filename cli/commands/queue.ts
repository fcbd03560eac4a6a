import type { Command } from 'commander';
import { teamOf } from '../../events/names.ts';
import { examples } from '../examples.ts';
import type { Runner } from '../session.ts';
import { tellAnswer } from '../tell-answer.ts';
import { nodePath } from '../values.ts';

export function addQueue(program: Command, { run }: Runner): void {
  program
    .command('queue <path>')
    .description('who waits on a node and beneath it, in order of service')
    .addHelpText('after', examples('queue acme/research'))
    .action(
      run(async (session, _options: object, text: string) => {
        const path = nodePath(text);
        return tellAnswer(session, teamOf(path), (client) => client.queue(path));
      }),
    );
}
