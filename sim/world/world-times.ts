/** How long what the broker's clients do takes, ms; as `broker/connect.ts` sets it for the real one. */
export const BROKER_TIMES = {
  /** Until an end notices that the other one has closed the connection. */
  breakNoticedMsMax: 2,
  /** Two pings, 5 s apart, that stay without an answer. */
  cutNoticedMsMin: 10_000,
  cutNoticedMsMax: 15_000,
  /** Between two tries to connect again. */
  returnMsMin: 1,
  returnMsMax: 150,
} as const;
