import { SubjectPattern } from '../../bus/subject-match.ts';

/** What a user of the broker may publish and hear, as nats.conf and its generated part have it. */
export interface Permissions {
  readonly publish: readonly SubjectPattern[];
  readonly subscribe: readonly SubjectPattern[];
  /** Whether it may answer; the broker puts `_R_.…` for the asker's inbox, which is not done here. */
  readonly mayReply: boolean;
}

const OWNER = {
  publish: ['bursar.notice.>', 'bursar.emergency.>', 'bursar.beat.>', 'bursar.owner.ping.*'],
  subscribe: ['bursar.shard.*.req.>', 'bursar.owner.ping.*', '_INBOX_owner.>'],
};
const PROJECTOR = {
  publish: ['bursar.events.>'],
  subscribe: ['live.ledger.>', 'bursar.emergency.>', '_INBOX_projector.>'],
};

/**
 * @param user `owner`, `projector`, `operator` or the name of an agent
 * @param team of the agent; `*` lets it into all
 */
export function permissionsOf(user: string, team: string): Permissions {
  if (user === 'owner') return { ...compile(OWNER), mayReply: true };
  if (user === 'projector') return compile(PROJECTOR);
  const heard = user === 'operator' ? '*' : user;
  return compile({
    publish: [`bursar.req.${user}.${team}.*`],
    subscribe: [
      `_INBOX_${user}.>`,
      `bursar.notice.${heard}.>`,
      `bursar.emergency.${team}.>`,
      `bursar.beat.${team}`,
      `bursar.events.${team}.>`,
    ],
  });
}

function compile(subjects: { publish: readonly string[]; subscribe: readonly string[] }) {
  const patterns = (list: readonly string[]) => list.map((one) => new SubjectPattern(one));
  return {
    publish: patterns(subjects.publish),
    subscribe: patterns(subjects.subscribe),
    mayReply: false,
  };
}
