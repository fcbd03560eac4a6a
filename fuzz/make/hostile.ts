import type { Chance } from '../chance.ts';
import { Entries, Literal, type Tree, treeOf } from './tree.ts';

const MAX = Number.MAX_SAFE_INTEGER;

/** Numbers at which something ends: of amounts, times, headers, floats. */
export const NUMBERS: readonly (number | bigint)[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e-320,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 32 - 1,
  1_000_000,
  1_000_001,
  MAX - 1,
  MAX,
  2 ** 53,
  -MAX,
  2 ** 63,
  1e21,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2n ** 53n + 1n,
  2n ** 64n - 1n,
  -(2n ** 63n),
];

/** Names that mean something to JavaScript, and text that means something to others. */
export const TEXTS: readonly string[] = [
  '',
  ' ',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'then',
  'toJSON',
  'length',
  '*',
  '>',
  'acme.>',
  '../../etc/passwd',
  'acme/../globex',
  'acme//lab',
  '/acme',
  'acme/',
  'NaN',
  '1e3',
  '-1',
  'unknown',
  'predict',
  'all',
  'batch',
  'emergency',
  'not_owner',
  '\u0000',
  '\ud800',
  'ä€𝄞',
  '\u2028',
  '\r\n',
  '\ufeff',
  '~map',
  '~set',
];

const ext = (...bytes: number[]) => new Literal(bytes, '{"$date":0}');

/** Bytes that are no value of ours, or none at all. */
const LITERALS: readonly Literal[] = [
  new Literal([0xc1], ''),
  new Literal([], ''),
  ext(0xd4, 0x01, 0x00),
  ext(0xd6, 0xff, 0, 0, 0, 0),
  ext(0xd7, 0xff, 0, 0, 0, 0, 0, 0, 0, 0),
  ext(0xc7, 0x0c, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  ext(0xc7, 0x00, 0x05),
  new Literal([0xdd, 0xff, 0xff, 0xff, 0xff], '['),
  new Literal([0xdf, 0xff, 0xff, 0xff, 0xff], '{'),
  new Literal([0xdf, 0x80, 0x00, 0x00, 0x00], '{"a"'),
  new Literal([0xdc, 0xff, 0xff], ']'),
  new Literal([0xde, 0xff, 0xff], '}'),
  new Literal([0xdb, 0xff, 0xff, 0xff, 0xff], '"'),
  new Literal([0xc6, 0xff, 0xff, 0xff, 0xff], '"\\'),
  // Text that is no UTF-8: cut, overlong, a surrogate, beyond the last character, alone.
  new Literal([0xa1, 0xc3], '"\\u00'),
  new Literal([0xa2, 0xc1, 0xa1], '"\\ud800"'),
  new Literal([0xa3, 0xed, 0xa0, 0x80], '"\\udc00\\ud800"'),
  new Literal([0xa4, 0xf7, 0xbf, 0xbf, 0xbf], '"\\x41"'),
  new Literal([0xa1, 0x80], '"\u0001"'),
  new Literal([0xa3, 0x61, 0x62, 0xe2], "'a'"),
  new Literal([0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 1], 'NaN'),
  new Literal([0xc0], 'undefined'),
  new Literal([0x01], '01'),
  new Literal([0x01], '1.'),
  new Literal([0x01], '0x1'),
  new Literal([0x01], '1e-400'),
];

/** A map that looks like an object that it is not. */
const OBJECTS: readonly Entries[] = [
  new Entries([]),
  new Entries([['toString', 1]]),
  new Entries([
    ['toString', null],
    ['valueOf', null],
  ]),
  new Entries([['__proto__', new Entries([['amount', 1]])]]),
  new Entries([['constructor', new Entries([['prototype', new Entries([])]])]]),
  new Entries([['then', true]]),
  new Entries([['toJSON', 'x']]),
  new Entries([['length', 2 ** 32]]),
  new Entries([['amount', 1]]),
  new Entries([['outcome', 'refused']]),
  new Entries([[1, 1]]),
  new Entries([[null, 1]]),
  new Entries([[[], 1]]),
  new Entries([[new Uint8Array([1]), 1]]),
  new Entries([
    ['credits', 1],
    ['credits', -1],
  ]),
];

/** A value that does not belong where it will stand. */
export function hostileValue(chance: Chance): Tree {
  switch (chance.upTo(9)) {
    case 0:
      return chance.pick([null, true, false]);
    case 1:
    case 2:
      return chance.pick(NUMBERS);
    case 3:
    case 4:
      return chance.pick(TEXTS);
    case 5:
      return chance.pick(LITERALS);
    case 6:
      return treeOf(chance.pick(OBJECTS));
    case 7:
      return chance.oneIn(2) ? chance.bytes(chance.skewed(40)) : [];
    case 8:
      return nested(chance, chance.oneIn(4) ? 10_000 : chance.pick([1, 2, 30, 31, 32, 33, 100]));
    default:
      return long(chance);
  }
}

/** A value within so many lists or maps. */
function nested(chance: Chance, depth: number): Tree {
  // As literals: a tree of such a depth could not be walked by recursion.
  const isList = chance.oneIn(2);
  const msgpack = (isList ? '91' : '81a161').repeat(depth);
  const json = (isList ? '[' : '{"a":').repeat(depth);
  return new Literal(
    Buffer.from(`${msgpack}01`, 'hex'),
    `${json}1${(isList ? ']' : '}').repeat(depth)}`,
  );
}

/** Something much longer than it should be. */
function long(chance: Chance): Tree {
  const count = chance.oneIn(20) ? 20_000 : chance.pick([17, 33, 65, 201, 257, 1_000]);
  switch (chance.upTo(3)) {
    case 0:
      return chance.pick(['x', 'ä', '"', '\u0001', '😀', '\ud800', '/a']).repeat(count);
    case 1:
      return Array.from({ length: count }, () => null);
    case 2:
      return new Entries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
    default:
      return new Uint8Array(count);
  }
}
