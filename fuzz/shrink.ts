import type { FuzzInput } from './target.ts';

/** How long one find is made smaller, ms, and by how many tries. */
const SHRINK_MS_MAX = 5_000;
const TRIES_MAX = 4_000;

/**
 * The smallest input found that still fails. Parts are left out, large ones first, then bytes are
 * made 0 (delta debugging after Zeller and Hildebrandt).
 * @param stillFails whether an input breaks the same property
 */
export async function shrink(
  found: FuzzInput,
  stillFails: (input: FuzzInput) => Promise<boolean>,
  smaller: (input: FuzzInput) => Iterable<FuzzInput> = smallerBytes,
): Promise<FuzzInput> {
  const endsAtMs = performance.now() + SHRINK_MS_MAX;
  let best = found;
  let tries = 0;
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const candidate of smaller(best)) {
      tries += 1;
      if (tries > TRIES_MAX || performance.now() > endsAtMs) return best;
      if (!(await stillFails(candidate))) continue;
      best = candidate;
      isSmaller = true;
      break;
    }
  }
  return best;
}

/** The input with parts left out, then with bytes made 0. */
export function* smallerBytes({ how, bytes }: FuzzInput): Generator<FuzzInput> {
  const { length } = bytes;
  for (let size = Math.ceil(length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < length; at += size) {
      yield { how, bytes: without(bytes, at, Math.min(length, at + size)) };
    }
  }
  if (length > 256) return;
  for (let at = 0; at < length; at += 1) {
    if (bytes[at] === 0) continue;
    const zeroed = Uint8Array.from(bytes);
    zeroed[at] = 0;
    yield { how, bytes: zeroed };
  }
}

function without(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const rest = new Uint8Array(bytes.length - (to - from));
  rest.set(bytes.subarray(0, from));
  rest.set(bytes.subarray(to), from);
  return rest;
}
