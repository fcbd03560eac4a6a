import { isUtf8 } from './utf8.ts';

/** Deepest nesting of lists and maps that is accepted from outside. */
export const MSGPACK_DEPTH_MAX = 32;

/** Bytes that are not one whole, plain msgpack value within its limits. Sending them again is futile. */
export class MalformedBytesError extends Error {
  override readonly name = 'MalformedBytesError';
  readonly code = 'malformed';
  readonly retryable = false;

  constructor(reason: string, options?: ErrorOptions) {
    super(`malformed msgpack: ${reason}`, options);
  }
}

/**
 * Walks the headers of one msgpack value before anything is built from it. A decoder that trusts a
 * header allocates what the header claims: 64 KiB of nested `array of 65,535` would ask for 11 GB.
 * So everything promised must fit in the bytes that are left, a byte an item at least.
 *
 * @throws MalformedBytesError if it is cut, has bytes behind it, promises more than there is, nests
 * deeper than {@link MSGPACK_DEPTH_MAX}, holds text that is not UTF-8 or an extension type.
 */
export function assertMsgpackShape(bytes: Uint8Array): void {
  const length = bytes.byteLength;
  const openItems: number[] = [];
  let itemsHere = 1;
  let itemsPromised = 1;
  let at = 0;
  for (;;) {
    while (itemsHere === 0) {
      const outer = openItems.pop();
      if (outer === undefined) {
        if (at === length) return;
        throw new MalformedBytesError(
          at < length ? `${length - at} bytes after the value` : 'the value is cut',
        );
      }
      itemsHere = outer;
    }
    if (at >= length) throw new MalformedBytesError('the value is cut');
    const head = bytes[at] as number;
    itemsHere -= 1;
    itemsPromised -= 1;
    if (head < 0x80 || head >= 0xe0) {
      at += 1;
      continue;
    }
    if (head >= 0xa0 && head < 0xc0) {
      at = endOfText(bytes, at + 1, head & 0x1f);
      continue;
    }
    const items = containerItems(bytes, at, head);
    if (items === undefined) {
      const textStart = longTextStart(at, head);
      const end = at + scalarLength(bytes, at, head);
      at = textStart === undefined ? end : endOfText(bytes, textStart, end - textStart);
      continue;
    }
    at += containerHeaderLength(head);
    itemsPromised += items;
    if (itemsPromised > length - at) {
      throw new MalformedBytesError('a list or map promises more items than there are bytes');
    }
    if (openItems.length === MSGPACK_DEPTH_MAX) {
      throw new MalformedBytesError(`nested deeper than ${MSGPACK_DEPTH_MAX}`);
    }
    openItems.push(itemsHere);
    itemsHere = items;
  }
}

/** Where a text ends that is not cut and is UTF-8. */
function endOfText(bytes: Uint8Array, from: number, length: number): number {
  const end = from + length;
  if (end > bytes.byteLength) throw new MalformedBytesError('the value is cut');
  if (!isUtf8(bytes, from, end)) throw new MalformedBytesError('a text is not UTF-8');
  return end;
}

/** Where the text behind a long header begins, or undefined if `head` is no such header. */
function longTextStart(at: number, head: number): number | undefined {
  if (head === 0xd9) return at + 2;
  if (head === 0xda) return at + 3;
  return head === 0xdb ? at + 5 : undefined;
}

/** Values inside the container whose header stands at `at`, or undefined if it is no container. */
function containerItems(bytes: Uint8Array, at: number, head: number): number | undefined {
  if (head < 0x90) return (head & 0x0f) * 2;
  if (head < 0xa0) return head & 0x0f;
  if (head === 0xdc) return uint(bytes, at + 1, 2);
  if (head === 0xdd) return uint(bytes, at + 1, 4);
  if (head === 0xde) return uint(bytes, at + 1, 2) * 2;
  if (head === 0xdf) return uint(bytes, at + 1, 4) * 2;
  return undefined;
}

function containerHeaderLength(head: number): number {
  if (head < 0xa0) return 1;
  return head === 0xdc || head === 0xde ? 3 : 5;
}

/** Length of a scalar with its header: nil, booleans, numbers, long strings, binary. */
function scalarLength(bytes: Uint8Array, at: number, head: number): number {
  switch (head) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return 1;
    case 0xcc:
    case 0xd0:
      return 2;
    case 0xcd:
    case 0xd1:
      return 3;
    case 0xca:
    case 0xce:
    case 0xd2:
      return 5;
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return 9;
    case 0xc4:
    case 0xd9:
      return 2 + uint(bytes, at + 1, 1);
    case 0xc5:
    case 0xda:
      return 3 + uint(bytes, at + 1, 2);
    case 0xc6:
    case 0xdb:
      return 5 + uint(bytes, at + 1, 4);
    default:
      throw new MalformedBytesError(`type byte 0x${head.toString(16)} is not allowed`);
  }
}

/** A big-endian unsigned integer; bytes past the end count as 0 and the walk then finds the cut. */
function uint(bytes: Uint8Array, at: number, width: 1 | 2 | 4): number {
  let value = 0;
  for (let index = at; index < at + width; index += 1) value = value * 256 + (bytes[index] ?? 0);
  return value;
}
