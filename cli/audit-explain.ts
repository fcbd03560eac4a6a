import type { Alternative } from '../events/answers.ts';
import { isDecision } from '../events/decision-event.ts';
import { type ExplainedDecision, Explainer } from '../projections/explain.ts';
import { explanationText } from '../projections/explain-text.ts';
import type { Recorded } from '../projections/projection.ts';
import { alternativesText } from './alternatives-text.ts';
import { NotThereError } from './errors.ts';
import type { ExitCode } from './exit-codes.ts';
import type { LogSource } from './log-access.ts';
import { eachLogItem } from './log-events.ts';
import type { Session } from './session.ts';
import { TeamsReplayed } from './teams-replayed.ts';

/** Explains an id from the log alone, however long ago it was. */
export async function auditExplain(
  session: Session,
  options: LogSource,
  id: string,
): Promise<ExitCode | undefined> {
  const { screen, team } = session;
  const shards: ShardExplained[] = [];
  await eachLogItem(session, { ...options, team }, (item) => {
    if (shards.at(-1)?.shard !== item.shard) shards.push(new ShardExplained(item.shard, id, team));
    if (item.kind === 'event') shards.at(-1)?.take(item.recorded);
    return true;
  });
  const results = shards.flatMap((shard) => shard.result());
  if (results.length === 0) {
    throw new NotThereError(`The log knows no id ${id}.`, 'Check the id, and --team if given.');
  }
  screen.result(
    results.map(({ json }) => json),
    () =>
      results
        .map(({ text }) => text)
        .join('\n')
        .trimEnd(),
  );
  return undefined;
}

/** An id while the log of one shard goes by. */
class ShardExplained {
  readonly shard: number;
  readonly #id: string;
  readonly #explainer: Explainer;
  readonly #teams = new TeamsReplayed();
  /** By position of the decision. */
  readonly #alternatives = new Map<string, Alternative[]>();

  constructor(shard: number, id: string, team: string | undefined) {
    this.shard = shard;
    this.#id = id;
    this.#explainer = new Explainer(id, team);
  }

  take(recorded: Recorded): void {
    const { event, at } = recorded;
    if (isDecision(event) && event.id === this.#id) {
      this.#alternatives.set(placeOf(at), this.#teams.alternativesTo(event));
    }
    this.#teams.take(recorded);
    this.#explainer.take(recorded);
  }

  result() {
    const alternativesOf = ({ at }: ExplainedDecision) => this.#alternatives.get(placeOf(at)) ?? [];
    return this.#explainer.result().map((explanation) => ({
      json: {
        ...explanation,
        decisions: explanation.decisions.map((decision) => ({
          ...decision,
          alternatives: alternativesOf(decision),
        })),
      },
      text: explanationText(explanation, (decision) => alternativesText(alternativesOf(decision))),
    }));
  }
}

function placeOf({ seq, index }: Recorded['at']): string {
  return `${seq}.${index}`;
}
