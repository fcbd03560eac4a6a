/** Subjects on the bus. `docs/format.md` and nats.conf use the same names. */
export const subjects = {
  /** Requests of an agent; mapped by the broker to `shardRequest`. */
  request: (agent: string, team: string, op: string) => `bursar.req.${agent}.${team}.${op}`,
  /** What a writer of a shard subscribes to. */
  shardRequests: (shard: number) => `bursar.shard.${shard}.req.>`,
  /** Outcomes for one agent; at most once. */
  notice: (agent: string, team: string, kind: string) => `bursar.notice.${agent}.${team}.${kind}`,
  notices: (agent: string) => `bursar.notice.${agent}.>`,
  /** Durable emergencies; the swarm token of a team-level one is `~`. */
  emergency: (team: string, swarm: string, kind: string) =>
    `bursar.emergency.${team}.${swarm}.${kind}`,
  emergencies: (team: string) => `bursar.emergency.${team}.>`,
  /** Liveness and position of a team with live allocations; at most once. */
  beat: (team: string) => `bursar.beat.${team}`,
  /** Single events, live, published by the projector; at most once. */
  event: (team: string, swarm: string, type: string) => `bursar.events.${team}.${swarm}.${type}`,
  /** Asked by a standby: is the owner of the shard alive? */
  ownerPing: (shard: number) => `bursar.owner.ping.${shard}`,
} as const;

/** The agent, team and op in a request subject as the writer receives it, or undefined. */
export function parseShardRequest(
  subject: string,
): { readonly agent: string; readonly team: string; readonly op: string } | undefined {
  const parts = subject.split('.');
  const [, , , , agent, team, op] = parts;
  if (parts.length !== 7 || agent === undefined || team === undefined || op === undefined) {
    return undefined;
  }
  return { agent, team, op };
}
