/** A subject with wildcards, taken apart once: `*` stands for a token, `>` for all that follow. */
export class SubjectPattern {
  readonly #tokens: readonly string[];
  readonly #isOpen: boolean;

  constructor(pattern: string) {
    const tokens = pattern.split('.');
    this.#isOpen = tokens[tokens.length - 1] === '>';
    this.#tokens = this.#isOpen ? tokens.slice(0, -1) : tokens;
  }

  /** @param subject without wildcards, split at its dots */
  matches(subject: readonly string[]): boolean {
    const { length } = this.#tokens;
    const isLong = this.#isOpen ? subject.length > length : subject.length === length;
    return isLong && this.#tokens.every((token, i) => token === '*' || token === subject[i]);
  }

  /** Whether all that `other` can match is matched, as the broker judges a subscription. */
  covers(other: string): boolean {
    const tokens = other.split('.');
    const isOpen = tokens[tokens.length - 1] === '>';
    if (isOpen && !this.#isOpen) return false;
    const fixed = isOpen ? tokens.slice(0, -1) : tokens;
    const { length } = this.#tokens;
    const isLong = this.#isOpen
      ? fixed.length > length || (isOpen && fixed.length === length)
      : fixed.length === length;
    return isLong && this.#tokens.every((token, i) => token === '*' || token === fixed[i]);
  }
}
