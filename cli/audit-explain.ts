import { Explainer } from '../projections/explain.ts';
import { explanationText } from '../projections/explain-text.ts';
import { NotThereError } from './errors.ts';
import type { ExitCode } from './exit-codes.ts';
import { eachLogItem } from './log-events.ts';
import type { Session } from './session.ts';

/** Explains an id from the log alone, however long ago it was. */
export async function auditExplain(
  session: Session,
  options: { readonly file?: string },
  id: string,
): Promise<ExitCode | undefined> {
  const { screen, team } = session;
  let shardNow: number | undefined;
  let explainer = new Explainer(id, team);
  const explanations: ReturnType<Explainer['result']> = [];
  await eachLogItem(session, { file: options.file, team }, (item) => {
    if (item.shard !== shardNow) {
      explanations.push(...explainer.result());
      explainer = new Explainer(id, team);
      shardNow = item.shard;
    }
    if (item.kind === 'event') explainer.take(item.recorded);
    return true;
  });
  explanations.push(...explainer.result());
  if (explanations.length === 0) {
    throw new NotThereError(`The log knows no id ${id}.`, 'Check the id, and --team if given.');
  }
  screen.result(explanations, () => explanations.map(explanationText).join('\n').trimEnd());
  return undefined;
}
