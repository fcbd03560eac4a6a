/**
 * What a file may be made of.
 * - `pure`: arguments in, values out. No `node:` but assert, no clock, timer, randomness or I/O.
 * - `format`: as pure, but bound to the bytes of the log (codec, hashes, signatures).
 * - `shell`: free to act.
 * A pure file imports pure files only, a format file pure and format ones.
 */
export type Kind = 'pure' | 'format' | 'shell';

export type Rule = {
  kind: Kind;
  /** Other rooms whose files it may import. */
  rooms: readonly string[];
  packages: readonly string[];
  /** Modules of Node, without `node:`. */
  node: readonly string[] | 'any';
};

const PURE = { kind: 'pure', node: ['assert', 'assert/strict'] } as const;
const FORMAT = { kind: 'format', packages: [] } as const;
const SHELL = { kind: 'shell', node: 'any' } as const;

const PRODUCT = [
  'host',
  'resolver',
  'actors',
  'events',
  'projections',
  'policies',
  'broker',
  'bus',
  'writer',
  'client',
  'workload',
];

/**
 * One row for each top-level folder with code. Dependencies point one way: pure actors → event
 * schemas ← pure projections; shells → ports; adapters → their library. The rows themselves may
 * form no circle. `nats` belongs to adapters alone, xstate to actors, zod to schemas.
 */
export const ROOMS: Record<string, Rule> = {
  resolver: { ...PURE, rooms: ['events'], packages: [] },
  actors: { ...PURE, rooms: ['events', 'resolver'], packages: ['xstate'] },
  events: { ...PURE, rooms: [], packages: ['zod'] },
  projections: { ...PURE, rooms: ['events'], packages: [] },
  policies: { ...PURE, rooms: ['events'], packages: ['yaml', 'zod'] },
  host: { ...SHELL, rooms: [], packages: [] },
  broker: { ...SHELL, rooms: ['events'], packages: ['nats'] },
  bus: { ...SHELL, rooms: ['events', 'broker'], packages: ['nats'] },
  // projections: the audit (writer/audit*.ts) holds an independent fold against the live state.
  writer: {
    ...SHELL,
    rooms: ['host', 'actors', 'events', 'projections', 'bus', 'broker'],
    packages: ['pino'],
  },
  client: { ...SHELL, rooms: ['host', 'events', 'bus'], packages: [] },
  workload: {
    ...SHELL,
    rooms: ['host', 'events', 'projections', 'client'],
    packages: ['@pydantic/genai-prices', 'big.js', 'cli-table3', 'echarts', 'picocolors'],
  },
  cli: {
    ...SHELL,
    rooms: PRODUCT,
    packages: ['commander', 'cli-table3', 'echarts', 'picocolors', 'pino', 'tsx'],
  },
  bench: {
    ...SHELL,
    rooms: [...PRODUCT, 'cli'],
    packages: ['commander', 'cli-table3', 'nats', 'picocolors'],
  },
  sim: {
    ...SHELL,
    rooms: ['host', 'events', 'policies', 'projections', 'bus', 'writer', 'client', 'cli'],
    packages: ['commander', 'cli-table3', 'pino'],
  },
  fuzz: {
    ...SHELL,
    rooms: ['host', 'events', 'bus', 'writer', 'client', 'projections', 'sim'],
    packages: ['commander', 'picocolors', 'pino'],
  },
  // Scenarios of others through the real decision path: the writer in memory, the resolver as it is.
  conformance: {
    ...SHELL,
    rooms: ['host', 'events', 'bus', 'writer', 'resolver'],
    packages: ['commander'],
  },
  docs: {
    ...SHELL,
    rooms: ['events', 'client', 'resolver'],
    packages: ['nats', '@msgpack/msgpack'],
  },
  test: {
    ...SHELL,
    rooms: [...PRODUCT, 'cli', 'bench', 'sim', 'fuzz', 'conformance', 'docs'],
    packages: [
      'fast-check',
      'nats',
      'xstate',
      '@msgpack/msgpack',
      '@pydantic/genai-prices',
      'big.js',
      'yaml',
      'zod',
    ],
  },
};

/**
 * Files that differ from their room, first match wins; `*` stands for any part of a name. Fields
 * given here replace the room's. Every row is a decision: keep them few.
 */
const FILES: readonly [pattern: string, rule: Partial<Rule>][] = [
  ['events/codec.ts', { ...FORMAT, packages: ['@msgpack/msgpack'] }],
  ['events/signing.ts', { ...FORMAT, node: ['crypto'] }],
  ['events/{append-protocol,block,chain,claim-shard,envelope,epoch}.ts', FORMAT],
  ['events/{follow-log,log-auditor,signed-head,verify}.ts', FORMAT],
  ['events/{export-read,export-verify,export-write}.ts', { ...SHELL, packages: [] }],
  ['events/witness.ts', { ...SHELL, rooms: ['host'], packages: [] }],
  ['events/ledger-jetstream*.ts', { ...SHELL, packages: ['nats'] }],
  ['events/ledger-memory*.ts', { ...SHELL, node: [], packages: [] }],
  ['events/public.ts', { ...SHELL, packages: [] }],
  ['projections/projector*.ts', { ...SHELL, rooms: ['host', 'events'] }],
  ['projections/checkpoint*.ts', { ...SHELL, rooms: ['host', 'events'] }],
  ['projections/{log-sweep,replay}.ts', FORMAT],
  ['projections/live-feed.ts', { ...SHELL, rooms: ['events', 'bus'] }],
  ['projections/{audit,check-log}.ts', { ...SHELL }],
  // Written from the semantics alone: it shares nothing with what it judges but the schemas.
  ['sim/model/*.ts', { ...PURE, rooms: ['events'], packages: [] }],
  // Schemas of files that people write.
  ['workload/row.ts', { packages: ['zod'] }],
  ['workload/trials/trial.ts', { packages: ['zod'] }],
  ['workload/budget*.ts', { packages: ['zod', 'yaml'] }],
  // The engine of the tests stays behind the harness.
  ['test/harness/{suite,assert}.ts', { packages: ['uvu', 'fast-check'] }],
];

/** The rule of a file, or undefined for one that lies in no room. */
export function ruleOf(path: string): Rule | undefined {
  const room = ROOMS[roomOf(path)];
  const exception = FILES.find(([pattern]) => toRegExp(pattern).test(path));
  return room && { ...room, ...exception?.[1] };
}

/** The top-level folder; empty for a file of the root. */
export function roomOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : '';
}

function toRegExp(pattern: string): RegExp {
  const source = pattern
    .replaceAll('.', '\\.')
    .replaceAll('*', '[^/]*')
    .replace(/\{([^}]*)\}/g, (_, names: string) => `(?:${names.replaceAll(',', '|')})`);
  return new RegExp(`^${source}$`);
}
