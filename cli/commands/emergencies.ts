import type { Command } from 'commander';
import type { Silence } from '../../client/client.ts';
import type { Emergency } from '../../events/answers.ts';
import { durationText } from '../../workload/number-text.ts';
import { examples } from '../examples.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { teamOfSession, withGovernor } from '../reach.ts';
import type { Colours } from '../screen.ts';
import type { Runner, Session } from '../session.ts';
import { showTime, wholeNumber } from '../values.ts';

type Options = { readonly follow?: boolean; readonly since?: string };

export function addEmergencies(program: Command, { run }: Runner): void {
  program
    .command('emergencies')
    .description('what the team was told: thresholds, freezes, stops, breakers')
    .option(
      '--follow',
      'go on with each new one until Ctrl-C, and say when the governor falls silent',
    )
    .option('--since <position>', 'only those after this position of the log')
    .addHelpText(
      'after',
      examples('emergencies --team acme', 'emergencies --team acme --follow --json'),
    )
    .action(run(emergencies));
}

async function emergencies(session: Session, options: Options): Promise<ExitCode | undefined> {
  const { screen, signal } = session;
  const since = options.since === undefined ? 0 : wholeNumber(options.since, '--since');
  const tell = (emergency: Emergency) =>
    screen.line(emergency, () => emergencyLine(emergency, screen.paint));
  return withGovernor(session, teamOfSession(session), async (client) => {
    if (options.follow) {
      const end = client.onEmergency(tell, { since });
      const endSilence = client.onSilence((silence) =>
        screen.line({ silence }, () => silenceLine(silence, screen.paint)),
      );
      if (!signal.aborted) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      }
      end();
      endSilence();
      return EXIT.interrupted;
    }
    let count = 0;
    for (let from = since; ; ) {
      const answer = await client.emergencies({ since: from });
      for (const emergency of answer.emergencies) tell(emergency);
      count += answer.emergencies.length;
      if (answer.emergencies.length === 0 || answer.position <= from) break;
      from = answer.position;
    }
    if (count === 0) screen.aside('no emergencies');
    return undefined;
  });
}

function silenceLine({ isSilent, forMs, isConnected }: Silence, paint: Colours): string {
  const at = paint.dim(showTime(Date.now()));
  if (!isSilent)
    return `${at}  ${paint.green('heard')}      the governor again, after ${durationText(forMs)}`;
  const who = isConnected ? 'nobody governs: no beat and no answer' : 'the broker is out of reach';
  return `${at}  ${paint.red('silent')}     ${who} for ${durationText(forMs)}`;
}

const MILD: ReadonlySet<string> = new Set(['breaker-closed', 'notice', 'recovering', 'recovered']);

function emergencyLine(emergency: Emergency, paint: Colours): string {
  const { atMs, kind, path, detail } = emergency;
  const colour = MILD.has(kind) ? paint.yellow : paint.red;
  return `${paint.dim(showTime(atMs))}  ${colour(kind.padEnd(14))} ${paint.bold(path)}  ${detail}`;
}
