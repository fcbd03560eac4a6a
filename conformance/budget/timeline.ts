/** Something that happens at a time of a scenario. */
export interface Happening<What> {
  readonly at: number;
  readonly what: What;
}

/**
 * Happenings in the order of their times, those of one time in the order given: a scenario says
 * when grants are made and voided beside its operations, and somebody has to play them.
 */
export function* inTime<What>(happenings: readonly Happening<What>[]): Generator<Happening<What>> {
  const left = [...happenings];
  for (;;) {
    const next = left.findIndex(({ at }) => left.every((other) => at <= other.at));
    const [happening] = next === -1 ? [] : left.splice(next, 1);
    if (happening === undefined) return;
    yield happening;
  }
}
