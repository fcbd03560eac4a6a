import type { BursarClient } from '../client/client.ts';
import type { Answer } from '../events/answers.ts';
import { answerText } from './answer-text.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { withGovernor } from './reach.ts';
import type { Session } from './session.ts';

/** Gives one command to the governor of a team and tells its answer. */
export async function tellAnswer(
  session: Session,
  team: string,
  work: (client: BursarClient) => Promise<Answer>,
): Promise<ExitCode> {
  const answer = await withGovernor(session, team, work);
  session.screen.result(answer, () => answerText(answer, session.screen.paint));
  return EXIT.ok;
}
