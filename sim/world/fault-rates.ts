/** How often each fault strikes, 0 to 1 for each occasion. */
export interface FaultRates {
  /** On each leg of a message's way, to the broker and from it. */
  readonly messageDropped: number;
  readonly messageDuplicated: number;
  /** Overtaken by what is sent after it. */
  readonly messageOvertaken: number;
  /** With all that is sent after it on the same connection. */
  readonly messageDelayed: number;
  /** A block or claim never arrives. */
  readonly appendLost: number;
  /** It is stored, and its acknowledgement never arrives. */
  readonly ackLost: number;
  /** It is stored in time, and the acknowledgement comes when nobody waits for it any more. */
  readonly ackLate: number;
  /** It arrives when nobody waits for it any more. */
  readonly appendLate: number;
  readonly falseWrongSequence: number;
  /** The log has no leader for it. */
  readonly appendUnavailable: number;
  /** Refused as if the log were full. */
  readonly falseFull: number;
  /** Stored after a while, within the time that a writer waits. */
  readonly appendSlow: number;
  /** A look at the log fails at once, or never gets its answer. */
  readonly lookUnavailable: number;
  readonly lookLost: number;
  readonly lookSlow: number;
  readonly emergencyUnavailable: number;
  readonly emergencyAckLost: number;
  /** A disk takes no write: it is full, or broken. */
  readonly fileRefused: number;
}

export type FaultKind = keyof FaultRates;

export const NO_FAULTS: FaultRates = {
  messageDropped: 0,
  messageDuplicated: 0,
  messageOvertaken: 0,
  messageDelayed: 0,
  appendLost: 0,
  ackLost: 0,
  ackLate: 0,
  appendLate: 0,
  falseWrongSequence: 0,
  appendUnavailable: 0,
  falseFull: 0,
  appendSlow: 0,
  lookUnavailable: 0,
  lookLost: 0,
  lookSlow: 0,
  emergencyUnavailable: 0,
  emergencyAckLost: 0,
  fileRefused: 0,
};
