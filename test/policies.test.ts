import fc from 'fast-check';
import { DEFAULT_POLICY, Policy } from '../events/policy.ts';
import { changesBetween } from '../policies/diff.ts';
import { PRESET_NAMES, PRESETS } from '../policies/presets.ts';
import type { PolicyProblem } from '../policies/problem.ts';
import { readPolicy } from '../policies/read-policy.ts';
import { fieldsText, policyText } from '../policies/write-policy.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('policy files');

const BEGIN = 'bursar: policy/v1\n';

/** The file must be fine, without as much as a warning. */
function fine(text: string, team?: string) {
  const { file, problems } = readPolicy(BEGIN + text, team);
  assert.equal(problems, []);
  if (file === undefined) throw new Error('no file');
  return file;
}

/** `LINE:COLUMN severity field`, in the order of the file. */
function places(problems: readonly PolicyProblem[]): string[] {
  return problems.map(
    ({ line, column, severity, field }) => `${line}:${column} ${severity} ${field}`,
  );
}

/** What is said of the only problem of a file. */
function told(text: string): string {
  const { message, advice } = only(text);
  return `${message}. ${advice}`;
}

/** The only problem of a file. */
function only(text: string, team?: string): PolicyProblem {
  const { problems } = readPolicy(BEGIN + text, team);
  assert.is(problems.length, 1, JSON.stringify(problems));
  return problems[0] as PolicyProblem;
}

test('T-04 differences are laid over a preset: maps by key, lists as a whole', () => {
  const { policy, preset, team } = fine(
    'team: acme\npreset: strict\naging: { step: 7 }\nrules: []\noverrunMax: { tool_calls: 3 }\n',
  );
  assert.is(team, 'acme');
  assert.is(preset, 'strict');
  assert.equal(policy.aging, { intervalMs: DEFAULT_POLICY.aging.intervalMs, step: 7 });
  assert.equal(policy.rules, [], 'a list takes the place of the list');
  assert.equal(policy.overrunMax, { credits: 1_000_000, tool_calls: 3 });
  assert.is(policy.overcommit, 'refuse', 'by the preset');
  assert.is(fine('overrunMax: null\npreset: guarded\n').policy.overrunMax, null);
});

test('T-04 every problem is told at once, at its line and column', () => {
  const { file, problems } = readPolicy(
    [
      'bursar: policy/v1',
      'agin: { step: 1 }',
      'priorityMax: hihg',
      'aging:',
      '  intervallMs: 5',
      '  step: fast',
      'ladder:',
      '  - { kind: notice, onPermille: 500, offPermille: 600 }',
      'rules:',
      '  - { path: acme, resource: credit, above: -1, effect: approve }',
    ].join('\n'),
  );
  assert.is(file, undefined);
  assert.equal(places(problems), [
    '2:1 error agin',
    '3:14 error priorityMax',
    '5:3 error aging.intervallMs',
    '6:9 error aging.step',
    '8:51 error ladder[0].offPermille',
    '10:44 error rules[0].above',
  ]);
  const advice = problems.map((problem) => problem.advice);
  assert.match(advice[0] ?? '', /Did you mean 'aging'\?/);
  assert.match(advice[1] ?? '', /Did you mean high\?.*or a whole number/);
  assert.match(advice[2] ?? '', /Did you mean 'intervalMs'\?/);
});

test('T-04 a file that is no policy at all says why, and not in the words of the parser', () => {
  const rules = Array.from(
    { length: 5_000 },
    (_, i) => `  - { path: acme, resource: credits, above: ${i}, effect: deny }\n`,
  );
  assert.match(told(`rules:\n${rules.join('')}`), /^the file has \d+ characters, and 262144 are/);
  assert.match(told('---\nautoOpen: runs\n'), /^a second document begins here\. Write one policy/);
  assert.match(
    told(`bounds: ${'['.repeat(20_000)}`.concat(']'.repeat(20_000))),
    /nested too deeply/,
  );
  assert.match(told('autoOpen: runs\nautoOpen: none\n'), /twice\. Leave one of the two out/);
  const bomb = 'abcdef'.replaceAll(
    /./g,
    (key, i) => `${key}: &${key} [${Array(9).fill(i === 0 ? '1' : `*${'abcdef'[i - 1]}`)}]\n`,
  );
  assert.match(told(bomb), /aliases .* unfold to too much\. Write out/);
  assert.match(told('aging: *aging\n'), /lias/);
});

test('T-04 what is written in another unit is told in the right one', () => {
  assert.match(
    told('approvalMs: 15m\nrules: [{ path: a, resource: credits, above: 1, effect: approve }]\n'),
    /'15m' is no number\. Write 900000 \(ms\)\./,
  );
  assert.match(told('forecast: { horizonMs: soon }\n'), /a whole number of ms: 60000 is a minute/);
  assert.match(told('bounds: { credits: 0.5 }\n'), /1 credit = 1000000/);
  assert.match(told('settleMax: { credits: $5 }\n'), /1 credit = 1000000/);
  assert.match(told('reserves: { credits: 10% }\n'), /Write { permille: … }, { amount: … }\./);
  assert.match(told('reserves: { credits: { percent: 10 } }\n'), /Write { permille: … }/);
  assert.match(told('reserves: { credits: { permille: 10% } }\n'), /thousandths.*100 is 10 %/);
  const breaker = 'resource: tool.x, failures: 1, windowMs: 1000, openMs: 1000';
  assert.match(
    told(`breakers: [{ ${breaker}, mode: { fallbak: tool.y } }]\n`),
    /Write deny, queue, { fallback: … }\./,
  );
});

test('T-04 a file says of which version it is; text that is no YAML is told as such', () => {
  assert.match(readPolicy('autoOpen: runs\n').problems[0]?.advice ?? '', /bursar: policy\/v1/);
  assert.match(readPolicy('bursar: policy/v9\n').problems[0]?.advice ?? '', /policy\/v1/);
  assert.equal(places(readPolicy(`${BEGIN}aging: [1, 2\nx: y\n`).problems).length > 0, true);
  assert.equal(places(readPolicy(`${BEGIN}autoOpen: runs\nautoOpen: none\n`).problems), [
    '3:1 error ',
  ]);
  assert.match(readPolicy('just words').problems[0]?.message ?? '', /map of fields/);
  const json = '{ "bursar": "policy/v1", "autoOpen": "runs" }';
  assert.is(readPolicy(json).file?.policy.autoOpen, 'runs');
});

test('T-04 a strict preset needs the name of the team; a file of another team is refused', () => {
  assert.match(only('preset: strict\n').advice, /team: NAME/);
  assert.is(fine('preset: strict\n', 'acme').policy.rules[0]?.path, 'acme');
  assert.match(only('team: acme\n', 'globex').message, /for the team acme, not for globex/);
  assert.is(only('preset: gaurded\n').advice.startsWith('Did you mean guarded?'), true);
  const foreign = only('team: acme\nbounds: {}\ntools: [{ path: globex/lab, deny: ["*"] }]\n');
  assert.is(foreign.field, 'tools[0].path');
});

/** Each with a mark where the problem stands: what, the file, severity and field, the message. */
const SLIPS: readonly (readonly [what: string, text: string, told: string, says: RegExp])[] = [
  [
    'a rung that lets go above where it takes hold',
    'ladder: [{ kind: notice, onPermille: 5, offPermille: ^5 }]',
    'error ladder[0].offPermille',
    /not below 5/,
  ],
  [
    'rungs out of order',
    'ladder:\n- { kind: notice, onPermille: 50, offPermille: 5 }\n- { kind: warning, onPermille: ^40, offPermille: 6 }',
    'error ladder[1].onPermille',
    /no later than/,
  ],
  [
    'a rule that another hides',
    'rules:\n- { path: acme, resource: credits, above: 5, effect: deny }\n- ^{ path: acme/lab, resource: credits, above: 9, effect: approve }',
    'warning rules[1]',
    /never reached: rule 1/,
  ],
  ['a resource that nothing has', 'bounds: { ^credit: 5 }', 'error bounds.credit', /no resource/],
  [
    'a bound above what is denied',
    'bounds: { credits: 9 }\nrules: [{ path: acme, resource: credits, above: ^5, effect: deny }]',
    'warning rules[0].above',
    /gets 9 by/,
  ],
  ['a field without effect', 'queueing: fair\n^sharing: fair', 'warning sharing', /no effect/],
  ['a wait for nobody', '^approvalMs: 5', 'warning approvalMs', /no rule/],
  ['a tool rule that says nothing', 'tools: [^{ path: acme }]', 'warning tools[0]', /neither/],
  [
    'a tool that is denied first',
    'tools: [{ path: acme, allow: [^web_search], deny: ["web_*"] }]',
    'error tools[0].allow[0]',
    /denies it first/,
  ],
  [
    'a tool rule after one for all',
    'tools: [{ path: acme, deny: ["*"] }, ^{ path: acme, allow: [x] }]',
    'warning tools[1]',
    /never reached/,
  ],
  [
    'a tool that is not known',
    'resources: { tool.search: { class: consumable, unit: calls } }\ntools: [{ path: acme, deny: [^serach] }]',
    'warning tools[0].deny[0]',
    /no tool/,
  ],
  [
    'a cap of nothing',
    'caps: [^{ path: acme, roles: [agent] }]',
    'warning caps[0]',
    /caps nothing/,
  ],
  [
    'an overrun beyond what is plausible',
    'settleMax: { credits: 5 }\noverrunMax: { credits: ^5 }',
    'warning overrunMax.credits',
    /never reached/,
  ],
  [
    'a use that is never booked',
    'settleMax: { ^memory: 5 }',
    'warning settleMax.memory',
    /capacity/,
  ],
  [
    'a strategy that can never be followed',
    'strategies: { rate.search: ^proportional_sharing }',
    'error strategies["rate.search"]',
    /rate\.search is not shared in proportion/,
  ],
  [
    'a scope that is none',
    'strategies: { ^"Acme lab|credits": queue_and_wait }',
    'error strategies["Acme lab|credits"]',
    /no scope/,
  ],
  [
    'a level that worse alarms do not reach',
    'degradation: { levels: [{}], from: { critical: ^0 } }',
    'warning degradation.from.critical',
    /below that of warning/,
  ],
  [
    'a level that admits more than the one before',
    'degradation: { levels: [{ admit: high }, { admit: ^low }] }',
    'warning degradation.levels[1].admit',
    /admits more/,
  ],
  [
    'levels to which nothing leads',
    'ladder: []\n^degradation: { levels: [{}] }',
    'warning degradation',
    /no rungs/,
  ],
  [
    'a reserve of a rate',
    'reserves: { rate.search: ^{ amount: 5 } }',
    'error reserves["rate.search"]',
    /is a rate/,
  ],
  [
    'a draw on a reserve that nobody keeps',
    'degradation: { levels: [{ reserve: ^true }] }',
    'warning degradation.levels[0].reserve',
    /no swarm keeps/,
  ],
  ['a pool of what is spent', 'pools: { ^credits: {} }', 'error pools.credits', /only a capacity/],
  [
    'a node of another team',
    'team: acme\npreemption: { nodes: { ^globex/lab: { boost: 5 } } }',
    'error preemption.nodes["globex/lab"]',
    /lies in the team globex/,
  ],
];

for (const [what, marked, told, says] of SLIPS) {
  test(`T-04 meaning: ${what}`, () => {
    const before = (BEGIN + marked).split('^')[0]?.split('\n') ?? [];
    const text = `${marked.replace('^', '')}\n`;
    const problem = only(text);
    const place = `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    assert.equal(places([problem]), [`${place} ${told}`]);
    assert.match(problem.message, says);
    assert.not.equal(problem.advice, '');
    // What is only a warning can be applied all the same.
    assert.is(readPolicy(BEGIN + text).file !== undefined, problem.severity === 'warning');
  });
}

for (const name of PRESET_NAMES) {
  test(`T-04 the preset ${name} is sound, and reads back as it is written`, () => {
    const fields = PRESETS[name].fieldsFor('acme');
    const policy = Policy.parse(fields);
    const written = readPolicy(fieldsText(fields, { team: 'acme', notes: ['a note'] }));
    assert.equal(written.problems, []);
    assert.equal(written.file?.policy, policy);
    for (const all of [true, false]) {
      const read = readPolicy(policyText(policy, { team: 'acme', comment: 'why: "x"' }, all));
      assert.equal(read.file?.policy, policy);
      assert.is(read.file?.comment, 'why: "x"');
    }
    assert.equal(fine(`preset: ${name}\nteam: acme\n`).policy, policy);
  });
}

test('T-04 whatever stands in a file, it is read or refused with places that are in it', () => {
  const sound = fieldsText(PRESETS.strict.fieldsFor('acme'), { team: 'acme' });
  const pieces = [
    '\n',
    ' ',
    ':',
    '{',
    '}',
    '[',
    '- ',
    '"',
    '&a',
    '*a',
    '<<',
    '0',
    '-1',
    'null',
    '__proto__: 1',
  ];
  const edit = fc.tuple(fc.nat(sound.length), fc.nat(12), fc.constantFrom(...pieces));
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let text = sound;
      for (const [at, cut, put] of edits) text = text.slice(0, at) + put + text.slice(at + cut);
      const { file, problems } = readPolicy(text);
      const lines = text.split('\n');
      for (const { line, column, length, message } of problems) {
        const width = lines[line - 1]?.length ?? -1;
        assert.ok(column >= 1 && column - 1 <= width && length >= 1, `${message}: ${text}`);
      }
      assert.is(
        file === undefined,
        problems.some(({ severity }) => severity === 'error'),
        text,
      );
      if (file !== undefined) assert.equal(Policy.parse(file.policy), file.policy);
    }),
    { numRuns: 600 },
  );
});

test('T-04 two policies are compared field by field', () => {
  const rule = { path: 'acme', resource: 'credits', above: 5, effect: 'deny' } as const;
  const before = Policy.parse({ rules: [rule], bounds: { credits: 1 } });
  const after = Policy.parse({ rules: [{ ...rule, above: 6 }, rule], aging: { step: 7 } });
  assert.equal(changesBetween(before, after), [
    { field: 'bounds.credits', before: 1 },
    { field: 'aging.step', before: 10, after: 7 },
    { field: 'rules[0].above', before: 5, after: 6 },
    { field: 'rules[1]', after: rule },
  ]);
  assert.equal(changesBetween(after, after), []);
});

test.run();
