import { Course } from './course.ts';
import type { EmergencySeen } from './outcome.ts';

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

/** Keeps the course of each node in bounded space; held + spent is its height. */
export class SpendRecorder {
  readonly #courses = new Map<string, Course<SpendPoint>>();

  /** Points of one path must come in order of time. */
  record({ path, ...point }: SpendPoint & { readonly path: string }): void {
    const course = this.#courses.get(path) ?? new Course(total);
    course.add(point);
    this.#courses.set(path, course);
  }

  panel({ path, capMicro, marks }: Omit<SpendPanel, 'points'>): SpendPanel {
    return { path, capMicro, marks, points: this.#courses.get(path)?.points() ?? [] };
  }
}

function total({ spentMicro, heldMicro }: SpendPoint): number {
  return spentMicro + heldMicro;
}
