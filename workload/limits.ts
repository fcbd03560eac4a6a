/** Every limit of the workload room, in one table. A name ends in its unit. */
export const WORKLOAD_LIMITS = {
  /** Longest line of a workload file, in characters. */
  lineCharsMax: 1024 * 1024,
  /** Rows of one workload; they are held in memory while it is driven. */
  rowsMax: 2_000_000,
  /** Tokens of one call; beyond it a row is malformed. Keeps every price far inside safe integers. */
  tokensMax: 1_000_000_000,
  /** Characters of a role, model or tool name. */
  nameCharsMax: 256,
  /** Latest time and longest duration of a row: ten years. */
  timeMsMax: 10 * 366 * 24 * 60 * 60 * 1000,
  /** Characters of a decimal amount of money. */
  amountCharsMax: 64,
  /** A budget file. */
  budgetFileBytesMax: 1024 * 1024,
  /** Models whose price is remembered; more are looked up again. */
  pricesKeptMax: 4_096,
  /** Nodes that a report lists by name in each tier; the rest is summed up. */
  nodesListedMax: 8,
  /** Panels in one picture. */
  panelsMax: 6,
  /** Lease that a driven agent asks for and renews, as recorded; and its floor in real time. */
  leaseMs: 60_000,
  leaseMsMin: 2_000,
  /** Lease of a place that a whole run takes, as recorded: the limit of its agent lies beneath it. */
  trialLeaseMs: 60 * 60 * 1000,
  /** Its floor in real time: hundreds of agents share a client and a machine. */
  trialLeaseMsMin: 30_000,
  /** Whole runs that ask for each place of a pool at once: one that has it, the others wait. */
  trialsPerSlot: 3,
  /** Pools that a report lists by name. */
  poolsListedMax: 40,
  /** How long a slot is waited for when nobody says, as recorded. */
  slotWaitMs: 60_000,
  /** Floor in real time of a wait in the queue; and its most where no recorded time passes. */
  waitMsMin: 100,
  waitMsMaxUnpaced: 1_000,
  /** Repeats of a denied ask; the first pause, as recorded, and its floor in real time. */
  retriesMax: 5,
  retryMs: 1_000,
  retryMsMin: 20,
  /** Runs without recorded times that are driven at once. */
  clocklessRunsAtOnce: 8,
  /** How long a governor may stay away while a workload is driven. */
  commandMsMax: 120_000,
} as const;
