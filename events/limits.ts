/**
 * Every limit of the system, in one table. A name ends in its unit.
 * Whoever meets one of them gets a typed refusal that names it.
 */
export const LIMITS = {
  /** Tiers from team to the innermost step. */
  depthMax: 8,
  /** A request message, single or batch, as it arrives on the wire. */
  requestBytesMax: 64 * 1024,
  /** Commands in one batch. */
  batchCommandsMax: 256,
  /** Resources in one bundle. */
  itemsMax: 16,
  /** Parallel branches of one run that are open. */
  branchesMax: 64,
  /** Groups of pools in one request, pools among which each chooses, nodes that a pool is for. */
  poolGroupsMax: 4,
  poolsPerGroupMax: 8,
  poolNodesMax: 64,
  /** Holders of one pool that are named in an answer. */
  poolHoldersShownMax: 32,
  /** Resources whose limits one command sets. */
  accountsPerCommandMax: 64,
  /** Resources of which one team has books: one event can name them all. */
  resourcesPerTeamMax: 1_024,
  /** Longest time over which a rate is metered. */
  rateWindowMsMax: 7 * 24 * 60 * 60 * 1000,
  /** Instants that a sliding window keeps; a limit that could need more is refused. */
  rateEntriesMax: 65_536,
  /** Longest time that a request may wait for an approver, and how long where policy says nothing. */
  approvalMsMax: 7 * 24 * 60 * 60 * 1000,
  approvalMsDefault: 60 * 60 * 1000,
  /** Requests of one team that wait for an approver; beyond it one is denied `queue_full`. */
  approvalsMax: 10_000,
  /** Allocations that one request may evict: they are named in one event. */
  victimsMax: 256,
  /** Candidates for eviction among which every set of victims is weighed against the others. */
  refinedVictimsMax: 12,
  /** Plans tried for one request until one is found that no victim could turn round. */
  stablePlansMax: 24,
  /** Rounds of admission in which a story that is played must come to rest. */
  lifecycleRoundsMax: 10_000,
  /** Sets of victims that have come back, looked at to find a reversal of one plan. */
  reversalStatesMax: 64,
  /** Most evictions of one demand that a policy may allow. */
  evictionsMax: 100,
  /** Holders that one plan of preemption looks at, the cheapest first. */
  candidatesMax: 1_024,
  /** One block of events as stored in the log. */
  blockBytesMax: 256 * 1024,
  /** Events in one block; keeps a block decodable in about a millisecond. */
  blockEventsMax: 2_000,
  /** Shortest lease; below it a renewal could not arrive in time. */
  ttlMsMin: 10,
  /** Longest lease granted in one go, and furthest a renewal may reach from now. */
  leaseMsMax: 24 * 60 * 60 * 1000,
  /** Lease when the request names none. */
  ttlMsDefault: 60_000,
  /** Longest time in a queue. */
  waitMsMax: 24 * 60 * 60 * 1000,
  /** Longest grace that a request may offer or ask of its victims. */
  graceMsMax: 10 * 60 * 1000,
  /** Furthest deadline. */
  deadlineMsMax: 30 * 24 * 60 * 60 * 1000,
  /** Children times resources of one distribution, and of what a run gives its branches: one decision. */
  sharesMax: 512,
  /** Least time between two looks at what was divided. */
  rebalanceMsMin: 100,
  /** Weight of a node, thousandths; 1,000 unless it says otherwise. */
  weightMilliMax: 1_000_000,
  weightMilliDefault: 1_000,
  /** Approvers who are told of a request that waits for one. */
  approversToldMax: 100,
  /** Waiting requests of one team; beyond it a request is denied `queue_full`. */
  queueDepthMax: 100_000,
  /** Where a named policy chooses who is served: runs among which, and requests looked at for them. */
  queueHeadsMax: 64,
  queueLookedAtMax: 256,
  /** Advance reservations of one team that are not over. */
  reservationsMax: 10_000,
  /** Ended ids remembered per shard, and how long. */
  idsPerShardMax: 1_000_000,
  idRetentionMs: 10 * 60 * 1000,
  /** How long an allocation that ended without a settle waits for a late one. */
  tombstoneRetentionMs: 7 * 24 * 60 * 60 * 1000,
  /** A grant out of the queue must be claimed within this time, this often. */
  claimMs: 30_000,
  claimRetriesMax: 2,
  /** A gap since the last block above this extends the leases, at most by the second. */
  outageMs: 2_000,
  outageMsMax: 60 * 60 * 1000,
  /** Clock of the writer against the broker's at takeover. */
  clockSkewMsMax: 5_000,
  /** Between two beats of a governor for a team with live allocations. */
  beatMs: 1_000,
  /** Emergencies kept in memory per team for catch-up. */
  emergenciesKeptMax: 1_000,
  /** Names recorded of each list in a contention event; the rest is recomputed by replay. */
  contestNamesMax: 8,
  /** Thresholds of one account. */
  thresholdsPerAccountMax: 16,
  /** Grants of one account that are not over. */
  grantsPerAccountMax: 64,
  /** Furthest start, end and recurrence of a grant from now: ten years. */
  grantSpanMsMax: 10 * 366 * 24 * 60 * 60 * 1000,
  /** Least time between two recurrences of a grant: each is recorded. */
  grantEveryMsMin: 1_000,
  /** Stretches of an account's history of grants; earlier use counts at the start of the first. */
  grantSegmentsMax: 256,
  /** How long ago use may have been that is charged at its own time. */
  lateUseMsMax: 31 * 24 * 60 * 60 * 1000,
  /** Tasks that one filling by dominant shares hands out; beyond it the filling is incomplete. */
  fillTasksMax: 1_000_000,
  /** Steps of one search for the set of allocations that comes closest to an excess. */
  subsetStepsMax: 50_000,
  /** Pieces into which the window of a forecast is cut. */
  forecastPieces: 12,
  /** Characters of a policy file, comments and all; the policy itself has to fit a request. */
  policyFileCharsMax: 256 * 1024,
  /** Time without alarms after which a level rises: longest, and where policy names none. */
  dwellMsMax: 24 * 60 * 60 * 1000,
  dwellMsDefault: 60_000,
  /** Shortest time that holders have to shrink before load is shed, and idle ones taken at once. */
  shedGraceMsMin: 100,
  shedIdleMax: 32,
  /** Largest share of a limit that a policy keeps for emergencies, thousandths. */
  reservePermilleMax: 500,
  /** Rules for the age of queues in one policy, and the longest age that one may name. */
  queueAgeRulesMax: 64,
  queueAgeMsMax: 24 * 60 * 60 * 1000,
  /** Rules for circuit breakers in one policy. */
  breakerRulesMax: 64,
  /** Failures that one breaker counts, and so the most that a rule may ask for. */
  breakerFailuresMax: 100,
  /** Longest window and longest opening of a breaker. */
  breakerMsMax: 24 * 60 * 60 * 1000,
  /** Probes that one breaker may want before it closes. */
  breakerProbesMax: 100,
  /** Breakers of one team that count or are open; beyond it the oldest closed one is forgotten. */
  breakersMax: 1_000,
  /** Fallbacks of fallbacks for one item. */
  breakerFallbacksMax: 4,
  /** Time agents have to acknowledge a stop when the operator names none. */
  stopAckMsDefault: 10_000,
  /** Agents that the end of a stop names of each kind; the others are counted. */
  stopAgentsNamedMax: 100,
} as const;
