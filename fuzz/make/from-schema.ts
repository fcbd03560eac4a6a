import type { Chance } from '../chance.ts';

/** What is read of a schema: how it is built, and whether a value passes. */
export interface SchemaLike {
  readonly def: { readonly type: string };
  safeParse(value: unknown): { readonly success: boolean };
}

interface Def {
  readonly type: string;
  readonly options?: readonly SchemaLike[];
  readonly shape?: Readonly<Record<string, SchemaLike>>;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly innerType?: SchemaLike;
  readonly keyType?: SchemaLike;
  readonly valueType?: SchemaLike;
  readonly element?: SchemaLike;
  readonly in?: SchemaLike;
}

/** Tries to make a value that passes, where a schema asks for more than its parts. */
const TRIES_MAX = 40;
const BYTE_LENGTHS = [32, 64, 1, 0];

/** Text of every kind that our schemas ask for. */
const TEXTS = [
  'acme',
  'acme/lab',
  'acme/lab/run',
  'acme/lab/run/step',
  'wile',
  'held',
  'spent',
  'a.b:c-1',
  'credits',
  'tool_calls',
  'concurrency',
  'memory',
  'slot.gpu',
  'tool.web_search',
  'constructor',
  'x'.repeat(64),
  '0',
  'ab'.repeat(32),
  'ab'.repeat(64),
  'AAAA',
  '1d',
  '2w',
  'manual',
  'UTC',
  'Europe/Berlin',
  '12:00',
  '23:59:59',
  'search*',
  'acme/lab|credits',
  '',
];
const NUMBERS = [0, 1, 2, 7, 40, 100, 1_000, 60_000, 1_764_000_000_000];
const fitting = new WeakMap<SchemaLike, readonly unknown[]>();

/**
 * A value that the schema accepts, as a client or writer could have written it. Every field that may
 * be left out is left out now and then; numbers stand at their bounds now and then.
 */
export function fromSchema(schema: SchemaLike, chance: Chance): unknown {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const value = build(schema, chance);
    if (schema.safeParse(value).success) return value;
  }
  throw new Error(`no value found that fits a schema of type ${schema.def.type}`);
}

function build(schema: SchemaLike, chance: Chance): unknown {
  const def = schema.def as Def;
  switch (def.type) {
    case 'object':
      return buildObject(def.shape ?? {}, chance);
    case 'record':
      return buildRecord(def, chance);
    case 'array':
      return Array.from({ length: chance.skewed(5) }, () => buildOf(def.element, chance));
    case 'union':
      return buildOf(chance.pick(def.options ?? []), chance);
    case 'literal':
      return chance.pick(def.values ?? []);
    case 'enum':
      return chance.pick(Object.values(def.entries ?? {}));
    case 'optional':
    case 'default':
    case 'prefault':
      return chance.oneIn(2) ? undefined : buildOf(def.innerType, chance);
    case 'nullable':
      return chance.oneIn(3) ? null : buildOf(def.innerType, chance);
    case 'pipe':
      return buildOf(def.in, chance);
    case 'boolean':
      return chance.oneIn(2);
    case 'null':
      return null;
    case 'unknown':
      return chance.pick([null, 1, 'x', {}, []]);
    case 'string':
    case 'number':
    case 'custom':
      return chance.pick(leavesOf(schema));
    default:
      throw new Error(`schemas of type ${def.type} are not known here`);
  }
}

function buildOf(schema: SchemaLike | undefined, chance: Chance): unknown {
  if (schema === undefined) throw new Error('a schema has no inner schema');
  return build(schema, chance);
}

function buildObject(shape: Readonly<Record<string, SchemaLike>>, chance: Chance): object {
  const value: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(shape)) {
    const item = build(field, chance);
    if (item !== undefined) value[key] = item;
  }
  return value;
}

function buildRecord({ keyType, valueType }: Def, chance: Chance): object {
  const value: Record<string, unknown> = {};
  for (let left = chance.skewed(5); left >= 0; left -= 1) {
    value[String(buildOf(keyType, chance))] = buildOf(valueType, chance);
  }
  return chance.oneIn(8) ? {} : value;
}

/** Simple values that pass: found by trying once. */
function leavesOf(schema: SchemaLike): readonly unknown[] {
  const known = fitting.get(schema);
  if (known !== undefined) return known;
  const { minimum, maximum } = boundsOf(schema);
  const candidates: unknown[] = [
    ...TEXTS,
    ...NUMBERS,
    ...[minimum, minimum + 1, maximum - 1, maximum],
    ...BYTE_LENGTHS.map((length) => new Uint8Array(length)),
  ];
  const leaves = candidates.filter((candidate) => schema.safeParse(candidate).success);
  if (leaves.length === 0) throw new Error(`no simple value fits ${schema.def.type}`);
  fitting.set(schema, leaves);
  return leaves;
}

/** A whole number's bounds, as the schema library keeps them. */
function boundsOf(schema: SchemaLike): { minimum: number; maximum: number } {
  const { bag } = (schema as unknown as { _zod: { bag: Record<string, unknown> } })._zod;
  const of = (key: string, other: number) => (typeof bag[key] === 'number' ? bag[key] : other);
  return {
    minimum: of('minimum', Number.MIN_SAFE_INTEGER),
    maximum: of('maximum', Number.MAX_SAFE_INTEGER),
  };
}
