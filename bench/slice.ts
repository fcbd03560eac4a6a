/** What one uninterrupted stretch of load came to. Plain data: it travels between processes. */
export interface Slice {
  /** Finished within it. */
  readonly count: number;
  readonly tookMs: number;
  /** How long each took. */
  readonly samplesMs: readonly number[];
}

/** A stretch of request+settle pairs; `samplesMs` are those of the pairs. */
export interface PairSlice extends Slice {
  readonly requestSamplesMs: readonly number[];
  /** Messages that the commands travelled in. */
  readonly messages: number;
  /** CPU time of the process that made the load. */
  readonly cpuMs: number;
}

/**
 * Keeps `callers` calls going for `seconds`, each caller's next one after its last.
 * @param call `no` counts all calls
 */
export async function runSlice(
  callers: number,
  seconds: number,
  call: (no: number) => Promise<unknown>,
): Promise<Slice> {
  const samplesMs: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let count = 0;
  const caller = async () => {
    for (let fromMs = performance.now(); fromMs < endMs; ) {
      await call(count++);
      const nowMs = performance.now();
      samplesMs.push(nowMs - fromMs);
      fromMs = nowMs;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { count: samplesMs.length, tookMs: performance.now() - startMs, samplesMs };
}

/** CPU time of this process so far, ms. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
