/** How long something took, ms. */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Median and 99th percentile of samples, nearest rank; NaN without samples. */
export function latencyOf(samplesMs: readonly number[]): Latency {
  const sorted = Float64Array.from(samplesMs).sort();
  return { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
}

function quantile(sorted: Float64Array, share: number): number {
  const rank = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return Math.round((sorted[rank] ?? Number.NaN) * 1000) / 1000;
}
