/** Content of a file, before any schema has looked at it. */
export type Content = Readonly<Record<string, unknown>>;

/**
 * What stands when differences are laid over a base: maps are merged key by key, anything else
 * (numbers, lists, null) takes the place of what was there.
 */
export function merged(base: Content, differences: Content): Content {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(differences)) {
    const before = Object.hasOwn(base, key) ? base[key] : undefined;
    const next = isMap(before) && isMap(value) ? merged(before, value) : value;
    // A file may name a key `__proto__`; it is a field like any other, and an unknown one.
    Object.defineProperty(result, key, {
      value: next,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}

/** Whether a value is a map of fields. */
export function isMap(value: unknown): value is Content {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
