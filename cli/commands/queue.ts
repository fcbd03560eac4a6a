import type { Command } from 'commander';
import { teamOf } from '../../events/names.ts';
import { answerText } from '../answer-text.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { withGovernor } from '../reach.ts';
import { type AskTexts, askFrom, withAsk } from '../request-options.ts';
import type { Runner, Session } from '../session.ts';
import { tellAnswer } from '../tell-answer.ts';
import { nodePath } from '../values.ts';

type QueueOptions = AskTexts & { readonly whatIf?: boolean };

export function addQueue(program: Command, { run }: Runner): void {
  const command = program
    .command('queue <path>')
    .description('who waits on a node and beneath it, in order of service')
    .option('--what-if', 'also say what a request for the following would get now; asks nothing');
  withAsk(command)
    .addHelpText(
      'after',
      examples(
        'queue acme/research',
        'queue acme/research/run-42 --what-if --credits 0.50 --max-wait 1m',
        'queue acme/research/run-42 --what-if --item concurrency=2 --priority emergency',
      ),
    )
    .action(run(queue));
}

async function queue(session: Session, options: QueueOptions, text: string): Promise<ExitCode> {
  const path = nodePath(text);
  const { whatIf, ...texts } = options;
  if (!whatIf) {
    if ([texts.credits, texts.item, texts.anyOf].some((one) => one !== undefined)) {
      throw new UsageError(
        'A queue is shown as it is; what is asked for is said with --what-if.',
        'Add --what-if, or ask for real: bursar request PATH …',
      );
    }
    return tellAnswer(session, teamOf(path), async (client) => {
      const answer = await client.queue(path);
      // On a node that is not open nobody waits either: that it is not open says more.
      if (answer.total === 0 && answer.approvals === undefined) await client.balance(path);
      return answer;
    });
  }
  const ask = askFrom(texts);
  const [waiting, would] = await withGovernor(session, teamOf(path), async (client) => [
    await client.queue(path),
    await client.dryRun(path, ask),
  ]);
  const { screen } = session;
  screen.result({ queue: waiting, whatIf: would }, () =>
    [answerText(waiting, screen.paint), '', answerText(would, screen.paint)].join('\n'),
  );
  return EXIT.ok;
}
