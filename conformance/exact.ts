/** An exact fraction; the denominator is positive. */
export interface Ratio {
  readonly num: bigint;
  readonly den: bigint;
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;

/**
 * Reads a number of a scenario by its decimal text, or a fraction such as `74/3`.
 * @returns undefined for what is no number
 */
export function readRatio(value: unknown): Ratio | undefined {
  if (isRatio(value)) return value;
  if (typeof value === 'bigint') return { num: value, den: 1n };
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const [above = '', below, ...rest] = String(value).trim().split('/');
  if (rest.length > 0) return undefined;
  const num = readDecimal(above);
  if (below === undefined || num === undefined) return num;
  const den = readDecimal(below);
  if (den === undefined || den.num <= 0n) return undefined;
  return { num: num.num * den.den, den: num.den * den.num };
}

/** Whether two fractions lie no further apart than a third. */
export function areNear(a: Ratio, b: Ratio, tolerance: Ratio): boolean {
  const apart = a.num * b.den - b.num * a.den;
  const size = apart < 0n ? -apart : apart;
  return size * tolerance.den <= tolerance.num * a.den * b.den;
}

/** A fraction as people read it. */
export function textOf({ num, den }: Ratio): string {
  return den === 1n ? `${num}` : `${num}/${den}`;
}

export function isRatio(value: unknown): value is Ratio {
  return typeof value === 'object' && value !== null && 'num' in value && 'den' in value;
}

function readDecimal(text: string): Ratio | undefined {
  const [, sign = '', whole = '', part = '', exponent = '0'] = DECIMAL.exec(text) ?? [];
  if (whole === '') return undefined;
  const digits = BigInt(`${sign}${whole}${part}`);
  const places = part.length - Number(exponent);
  return places <= 0
    ? { num: digits * 10n ** BigInt(-places), den: 1n }
    : { num: digits, den: 10n ** BigInt(places) };
}
