import type { EventOf } from '../events/events.ts';
import { eachLogItem } from './log-events.ts';
import type { Session } from './session.ts';

/** A policy as the log has it. */
export type StoredPolicy = {
  readonly version: number;
  readonly event: EventOf<'PolicySet'>;
  /** `shard:seq.index` */
  readonly at: string;
};

/** Every policy that was ever set for a team, oldest first, read from the log. */
export async function policiesInLog(session: Session, team: string): Promise<StoredPolicy[]> {
  const stored: StoredPolicy[] = [];
  await eachLogItem(session, { team }, (item) => {
    if (item.kind === 'poison') return true;
    const { event, at } = item.recorded;
    if (event.type !== 'PolicySet' || event.team !== team) return true;
    // Old logs do not number them: then they are counted.
    const { version = (stored.at(-1)?.version ?? 0) + 1 } = event;
    stored.push({ version, event, at: `${item.shard}:${at.seq}.${at.index}` });
    return true;
  });
  return stored;
}
