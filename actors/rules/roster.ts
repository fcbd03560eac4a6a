/** Vacant names that are kept at least, before they are looked for. */
const VACANT_MIN = 1_024;

/**
 * Values by name, where the same few names come and go all the time among thousands that stay. A
 * deleted entry of a `Map` stays in its bucket until the next rehash, so a name that has been
 * deleted and set again a thousand times is a thousand steps to find. Here a name that leaves keeps
 * its place, vacant, until there are more vacant ones than others.
 */
export class Roster<Value extends object> {
  readonly #places = new Map<string, Value | undefined>();
  #vacantCount = 0;

  get size(): number {
    return this.#places.size - this.#vacantCount;
  }

  get(name: string): Value | undefined {
    return this.#places.get(name);
  }

  has(name: string): boolean {
    return this.#places.get(name) !== undefined;
  }

  set(name: string, value: Value): void {
    const { size } = this.#places;
    const wasThere = this.has(name);
    this.#places.set(name, value);
    if (!wasThere && this.#places.size === size) this.#vacantCount -= 1;
  }

  delete(name: string): void {
    if (this.#places.get(name) === undefined) return;
    this.#places.set(name, undefined);
    this.#vacantCount += 1;
    if (this.#vacantCount > VACANT_MIN && this.#vacantCount > this.#places.size / 2) this.#sweep();
  }

  *[Symbol.iterator](): Generator<[string, Value]> {
    for (const [name, value] of this.#places) if (value !== undefined) yield [name, value];
  }

  *keys(): Generator<string> {
    for (const [name] of this) yield name;
  }

  *values(): Generator<Value> {
    for (const [, value] of this) yield value;
  }

  #sweep(): void {
    for (const [name, value] of this.#places) if (value === undefined) this.#places.delete(name);
    this.#vacantCount = 0;
  }
}
