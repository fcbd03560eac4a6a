import type { Chance } from './chance.ts';

/** What one run is about: bytes, and how they are to be taken, such as `json balance`. */
export interface FuzzInput {
  readonly how: string;
  readonly bytes: Uint8Array;
}

/** Something that reads what others wrote, and what must hold whatever they wrote. */
export interface Target {
  readonly name: string;
  /** What is read, and the properties, for people. */
  readonly about: string;
  /** Makes the input of one run: the same chance gives the same input. */
  make(chance: Chance): FuzzInput;
  /** Its check waits for others: its time says nothing. */
  readonly isWaiting?: true;
  /** Throws when a property does not hold. */
  check(input: FuzzInput): void | Promise<void>;
  /** Smaller inputs to try in place of a found one, the smallest first; default: fewer bytes. */
  smaller?(input: FuzzInput): Iterable<FuzzInput>;
  /** Gives back what it holds. */
  close?(): Promise<void>;
}

/** A property that does not hold. */
class BrokenProperty extends Error {
  override readonly name = 'BrokenProperty';
}

/** @throws BrokenProperty */
export function hold(condition: boolean, property: string): asserts condition {
  if (!condition) throw new BrokenProperty(property);
}
