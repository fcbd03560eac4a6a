import { createHash } from 'node:crypto';

const ID_CHARS_MAX = 64;
const HASH_CHARS = [8, 16, 32, 54] as const;
const VALID = /^[A-Za-z0-9_-]{1,64}$/;
const UNKNOWN = 'unknown';

/**
 * Turns the names of a workload file into node names (`[A-Za-z0-9_-]{1,64}`), one book per tier.
 *
 * A name that fits stays as it is; a null, absent or empty one becomes `unknown`; in others each
 * foreign character becomes `_`, long ones are cut, and both get a short SHA-256 of the original.
 * Two different originals never get the same id: whoever comes second gets a hash, or a longer one.
 */
export class IdBook {
  readonly #idByName = new Map<string, string>();
  readonly #taken = new Set<string>();

  /** The id of a name; the same name always gets the same id. */
  idOf(name: string | number | null | undefined): string {
    const text = name === null || name === undefined ? '' : String(name);
    const known = this.#idByName.get(text);
    if (known !== undefined) return known;
    const id = this.#freeId(text);
    this.#idByName.set(text, id);
    this.#taken.add(id);
    return id;
  }

  #freeId(text: string): string {
    const plain = text === '' ? UNKNOWN : text;
    if (VALID.test(plain) && !this.#taken.has(plain)) return plain;
    for (const hashChars of HASH_CHARS) {
      const id = withHash(plain, text, hashChars);
      if (!this.#taken.has(id)) return id;
    }
    throw new Error(`two names with the same SHA-256: "${text}"`);
  }
}

function withHash(plain: string, original: string, hashChars: number): string {
  const hash = createHash('sha256').update(original, 'utf8').digest('hex').slice(0, hashChars);
  const kept = plain.replace(/[^A-Za-z0-9_-]/gu, '_').slice(0, ID_CHARS_MAX - 1 - hashChars);
  return `${kept}_${hash}`;
}

/** A name that is not taken yet, and takes it: what was closed cannot be opened again. */
export function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let attempt = 2; taken.has(free); attempt += 1) {
    const suffix = `-${attempt}`;
    free = `${name.slice(0, ID_CHARS_MAX - suffix.length)}${suffix}`;
  }
  taken.add(free);
  return free;
}
