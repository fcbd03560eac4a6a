/** What projections keep at most. Everything beyond stays in the log. */
export const PROJECTION_LIMITS = {
  /** Ended allocations of a shard kept with their outcome; the oldest go first. */
  endedKeptMax: 100_000,
  /** Emergencies of a team kept for the list of recent ones. */
  emergenciesKeptMax: 1_000,
  /** Ids of a shard whose places in the log are known at once. */
  trailIdsMax: 2_000_000,
  /** Buckets of time that a usage history may span; beyond it two become one. */
  usageBucketsMax: 2_048,
  /** Width of a bucket at first, ms. */
  usageBucketMsFirst: 100,
  /** Nodes with a usage history of their own; beyond it the oldest runs have none. */
  usageNodesMax: 20_000,
  /** Tiers with a usage history: team, swarm and run. */
  usageDepthMax: 3,
  /** Poison records kept with their reason; all are counted. */
  quarantinedKeptMax: 1_000,
  /** Checkpoint file, in bytes; a larger state is not kept and is rebuilt at every start. */
  checkpointBytesMax: 1024 * 1024 * 1024,
  /** A checkpoint is written after this many messages, or a tenth of the log where that is more. */
  checkpointMessagesMin: 512,
  /** Holders and waiting requests that an explanation names. */
  explainNamesMax: 8,
} as const;
