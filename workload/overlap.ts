/** A stretch of time, ms. */
export type Span = { readonly startMs: number; readonly endMs: number };

/** Most spans under way at the same time; one that took no time counts for a moment. */
export function mostAtOnce(spans: readonly Span[]): number {
  const edges = spans.flatMap(({ startMs, endMs }) => [
    { atMs: startMs, by: 1 },
    { atMs: Math.max(endMs, startMs + 1), by: -1 },
  ]);
  edges.sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  let underWay = 0;
  let peak = 0;
  for (const { by } of edges) {
    underWay += by;
    peak = Math.max(peak, underWay);
  }
  return peak;
}
