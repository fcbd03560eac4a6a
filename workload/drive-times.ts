/** Measured times of a drive, ms; a sample for each command that was answered. */
export class DriveTimes {
  /** From the ask to its answer, time in the queue left out. */
  readonly request: number[] = [];
  readonly settle: number[] = [];
}
