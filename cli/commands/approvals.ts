import type { Command } from 'commander';
import { examples } from '../examples.ts';
import { teamOfSession } from '../reach.ts';
import type { Runner } from '../session.ts';
import { tellAnswer } from '../tell-answer.ts';

/** What an approver says of requests that wait for one; `bursar queue` lists them. */
export function addApprovals(program: Command, { run }: Runner): void {
  program
    .command('approve <request>')
    .description('agree to a request of somebody else that waits for approval')
    .addHelpText('after', examples('approve q7 --team acme --as amy'))
    .action(
      run(async (session, _options: object, request: string) =>
        tellAnswer(session, teamOfSession(session), (client) => client.approve(request)),
      ),
    );
  program
    .command('decline <request>')
    .description('say no to a request that waits for approval')
    .option('--reason <text>', 'for the agent that asked')
    .addHelpText('after', examples('decline q7 --team acme --as amy --reason "too dear"'))
    .action(
      run(async (session, { reason }: { readonly reason?: string }, request: string) =>
        tellAnswer(session, teamOfSession(session), (client) =>
          client.decline(request, reason === undefined ? {} : { reason }),
        ),
      ),
    );
}
