import { decode, encode, encodeCanonical } from '../../events/codec.ts';
import { LIMITS } from '../../events/limits.ts';
import { MalformedBytesError } from '../../events/msgpack-shape.ts';
import type { Chance } from '../chance.ts';
import { holdPlain } from '../checks/plain-data.ts';
import { NotPlain, readMsgpack, UNCLEAR } from '../checks/read-msgpack.ts';
import { isSame } from '../checks/same.ts';
import { anySample } from '../make/samples.ts';
import { wildBytes } from '../make/wild.ts';
import { type FuzzInput, hold, type Target } from '../target.ts';

const BYTES_MAX = LIMITS.requestBytesMax;

/** Any bytes through the codec. */
export const codecTarget: Target = {
  name: 'codec',
  about:
    'msgpack: what a second reader refuses is refused as `malformed`; what it reads comes out the ' +
    'same, as plain data within the limits, and the same again after encode and decode',
  make: (chance: Chance) => ({
    how: 'msgpack',
    bytes: wildBytes(anySample(chance), 'msgpack', chance),
  }),
  check: ({ bytes }: FuzzInput) => {
    const expected = attempt(() => readMsgpack(bytes), NotPlain);
    const found = attempt(() => decode(bytes, BYTES_MAX), MalformedBytesError);
    if (expected === undefined || bytes.byteLength > BYTES_MAX) {
      hold(found === undefined, 'what is no plain value is refused');
      return;
    }
    hold(found !== undefined, 'what is a plain value is read');
    holdPlain(found.value, bytes.byteLength);
    const { isClear, isEqual } = compare(expected.value, found.value);
    hold(isEqual, 'both readers read the same');
    if (isClear) holdRoundTrip(found.value);
  },
};

function attempt(
  read: () => unknown,
  refusal: new (reason: string) => Error,
): { readonly value: unknown } | undefined {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof refusal) return undefined;
    throw error;
  }
}

function holdRoundTrip(value: unknown): void {
  const encoded = encode(value);
  // Numbers that are whole may take less room, never more.
  const again = decode(encoded, Number.MAX_SAFE_INTEGER);
  hold(isSame(again, value), 'decode after encode gives the same');
  const canonical = encodeCanonical(value);
  const sorted = encodeCanonical(decode(canonical, Number.MAX_SAFE_INTEGER));
  hold(Buffer.compare(canonical, sorted) === 0, 'canonical bytes are the same again');
}

/** Compares what the second reader gives (maps as `Map`) with plain data. */
function compare(
  expected: unknown,
  found: unknown,
): { readonly isClear: boolean; readonly isEqual: boolean } {
  if (expected === UNCLEAR) return { isClear: false, isEqual: typeof found === 'string' };
  if (expected instanceof Map) {
    if (typeof found !== 'object' || found === null) return { isClear: true, isEqual: false };
    const isClear = ![...expected.keys()].includes(UNCLEAR);
    const fields = found as Readonly<Record<string, unknown>>;
    const results = [...expected]
      .filter(([key]) => key !== UNCLEAR)
      .map(([key, value]) => compare(value, fields[key as string]));
    const isWhole = !isClear || Object.keys(found).length === expected.size;
    return {
      isClear: isClear && results.every((one) => one.isClear),
      isEqual: isWhole && results.every((one) => one.isEqual),
    };
  }
  if (Array.isArray(expected)) {
    const list = Array.isArray(found) ? found : [];
    const results = expected.map((item, i) => compare(item, list[i]));
    return {
      isClear: results.every((one) => one.isClear),
      isEqual: list.length === expected.length && results.every((one) => one.isEqual),
    };
  }
  return { isClear: true, isEqual: isSame(expected, found) };
}
