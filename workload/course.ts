/** Points kept of one course; a picture shows no more. */
const POINTS_MAX = 600;

/**
 * A course over time in bounded space. When it has too many points, neighbours are merged into the
 * one that stands higher, so that thinning hides no peak.
 */
export class Course<Point extends { readonly atMs: number }> {
  readonly #heightOf: (point: Point) => number;
  #kept: Point[] = [];
  #last: Point | null = null;
  #spacingMs = 0;

  constructor(heightOf: (point: Point) => number) {
    this.#heightOf = heightOf;
  }

  /** Points must come in order of time. */
  add(point: Point): void {
    this.#last = point;
    this.#keep(point);
    while (this.#kept.length > POINTS_MAX) this.#thin();
  }

  /** The kept points and the newest, which says how it ended. */
  points(): Point[] {
    const newest = this.#kept.at(-1);
    return this.#last === null || newest === this.#last
      ? [...this.#kept]
      : [...this.#kept, this.#last];
  }

  #thin(): void {
    const points = this.#kept;
    const spanMs = (points.at(-1)?.atMs ?? 0) - (points[0]?.atMs ?? 0);
    this.#spacingMs = Math.max(this.#spacingMs * 2, spanMs / POINTS_MAX, 1e-3);
    this.#kept = [];
    for (const point of points) this.#keep(point);
  }

  /** Adds a point, or merges it into the last one when that is less than the spacing before it. */
  #keep(point: Point): void {
    const last = this.#kept.at(-1);
    if (last === undefined || point.atMs - last.atMs >= this.#spacingMs) this.#kept.push(point);
    else if (this.#heightOf(point) >= this.#heightOf(last)) {
      this.#kept[this.#kept.length - 1] = { ...point, atMs: last.atMs };
    }
  }
}
