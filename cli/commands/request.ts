import type { Command } from 'commander';
import type { Answer } from '../../events/answers.ts';
import { teamOf } from '../../events/names.ts';
import { answerText } from '../answer-text.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { withGovernor } from '../reach.ts';
import { type AskTexts, askFrom, withAsk } from '../request-options.ts';
import type { Runner, Session } from '../session.ts';
import { nodePath } from '../values.ts';

type RequestOptions = AskTexts & {
  readonly id?: string;
  readonly dryRun?: boolean;
  readonly wait: boolean;
};

export function addRequest(program: Command, { run }: Runner): void {
  const command = program
    .command('request <path>')
    .description('ask for resources on a node, before they are spent');
  withAsk(command)
    .option('--id <id>', 'idempotency key: the same id with the same ask is decided once')
    .option('--no-wait', 'do not wait for the outcome of a queued request')
    .option('--dry-run', 'only say what would happen')
    .addHelpText(
      'after',
      examples(
        'request acme/research/run-42/step-7 --credits 0.05',
        'request acme/research/run-42 --item memory=512MiB --item concurrency=1 --max-wait 30s',
        'request acme/research/run-42/step-7 --any-of pool.gpu-a,pool.gpu-b=2 --max-wait 30s',
        'request acme/research/run-42 --credits 1 --min credits=0.25 --priority high',
      ),
    )
    .action(run(request));
}

async function request(session: Session, options: RequestOptions, text: string): Promise<ExitCode> {
  const path = nodePath(text);
  const ask = askFrom(options);
  const answer = await withGovernor<Answer>(session, teamOf(path), (client) => {
    if (options.dryRun) return client.dryRun(path, ask);
    const id = options.id === undefined ? {} : { id: options.id };
    if (!options.wait) return client.send({ op: 'request', path, ...ask, ...id });
    return client.request(path, ask, { ...id, signal: session.signal });
  });
  session.screen.result(answer, () => answerText(answer, session.screen.paint));
  return answer.outcome === 'denied' ? EXIT.failed : EXIT.ok;
}
