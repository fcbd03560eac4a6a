import type { EmergencySeen } from './outcome.ts';

/** Points kept of one node; a picture shows no more. */
const POINTS_MAX = 600;

/** How a node stood at one time; descendants included. */
export type SpendPoint = {
  /** Since the start, ms. */
  readonly atMs: number;
  readonly spentMicro: number;
  readonly heldMicro: number;
};

/** One node's course against its budget: a panel of the picture. */
export type SpendPanel = {
  readonly path: string;
  /** Null: no ceiling of its own. */
  readonly capMicro: number | null;
  /** By time. */
  readonly points: readonly SpendPoint[];
  readonly marks: readonly EmergencySeen[];
};

/**
 * Keeps the course of each node in bounded space. When a node has too many points, neighbours are
 * merged into the one with the higher held + spent, so that thinning hides no peak.
 */
export class SpendRecorder {
  readonly #courses = new Map<string, Course>();

  /** Points of one path must come in order of time. */
  record({ path, ...point }: SpendPoint & { readonly path: string }): void {
    const course = this.#courses.get(path) ?? new Course();
    course.add(point);
    this.#courses.set(path, course);
  }

  panel({ path, capMicro, marks }: Omit<SpendPanel, 'points'>): SpendPanel {
    return { path, capMicro, marks, points: this.#courses.get(path)?.points() ?? [] };
  }
}

class Course {
  #kept: SpendPoint[] = [];
  #last: SpendPoint | null = null;
  #spacingMs = 0;

  add(point: SpendPoint): void {
    this.#last = point;
    this.#kept = withPoint(this.#kept, point, this.#spacingMs);
    while (this.#kept.length > POINTS_MAX) this.#thin();
  }

  /** The kept points and the newest, which says how it ended. */
  points(): SpendPoint[] {
    const newest = this.#kept.at(-1);
    return this.#last === null || newest === this.#last
      ? [...this.#kept]
      : [...this.#kept, this.#last];
  }

  #thin(): void {
    const first = this.#kept[0]?.atMs ?? 0;
    const spanMs = (this.#kept.at(-1)?.atMs ?? 0) - first;
    this.#spacingMs = Math.max(this.#spacingMs * 2, spanMs / POINTS_MAX, 1e-3);
    const kept: SpendPoint[] = [];
    for (const point of this.#kept) withPoint(kept, point, this.#spacingMs);
    this.#kept = kept;
  }
}

/** Adds a point, or merges it into the last one when that is less than the spacing before it. */
function withPoint(points: SpendPoint[], point: SpendPoint, spacingMs: number): SpendPoint[] {
  const last = points.at(-1);
  if (last === undefined || point.atMs - last.atMs >= spacingMs) points.push(point);
  else if (total(point) >= total(last)) points[points.length - 1] = { ...point, atMs: last.atMs };
  return points;
}

function total({ spentMicro, heldMicro }: SpendPoint): number {
  return spentMicro + heldMicro;
}
