import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { has, shows, the } from './rig.ts';
import { ask, enrol, givenLab, policy, RUN, release } from './world.ts';

const test = suite('actors: tool rules');

type Rule = NonNullable<Extract<CommandInput, { op: 'setPolicy' }>['policy']['tools']>[number];
const tools = (...rules: Rule[]) => policy({ tools: rules });

/** What is answered to ann, who asks for the use of tools. */
function asked(rules: Rule[], resources: readonly string[], agent = 'ann') {
  const rig = givenLab(tools(...rules), enrol('lea', { role: 'lead' }));
  const items = Object.fromEntries(resources.map((resource) => [resource, 1]));
  const { answer } = rig.when(ask('a', items), agent);
  return answer.outcome === 'denied' ? `${answer.reason} ${answer.rule}` : answer.outcome;
}

test('T-12 R-18 a tool that a rule denies is not used on the node and beneath; others are', () => {
  const rules: Rule[] = [{ name: 'no-shell', path: 'acme/lab', deny: ['shell', 'db_*'] }];
  assert.is(asked(rules, ['tool.shell']), 'tool_not_allowed no-shell');
  assert.is(asked(rules, ['slot.shell']), 'tool_not_allowed no-shell');
  assert.is(asked(rules, ['rate.tool.db_drop']), 'tool_not_allowed no-shell');
  assert.is(asked(rules, ['credits', 'tool.db_']), 'tool_not_allowed no-shell');
  assert.is(asked(rules, ['tool.shells', 'tool.my_db_', 'rate.shell', 'credits']), 'granted');
  assert.is(asked([{ path: 'acme/other', deny: ['*'] }], ['tool.shell']), 'granted');
});

test('T-12 a list of allowed tools leaves all others out, at every tier by itself (T-06)', () => {
  const rules: Rule[] = [
    { path: 'acme', allow: ['web_*', 'shell'] },
    { path: RUN, allow: ['shell', 'cat'] },
  ];
  assert.is(asked(rules, ['tool.shell']), 'granted');
  assert.is(asked(rules, ['tool.web_search']), 'tool_not_allowed tools-2');
  // The run allows what the team above it does not.
  assert.is(asked(rules, ['tool.cat']), 'tool_not_allowed tools-1');
});

test('T-12 on one node the first rule that names the tool decides, deny before allow in one rule', () => {
  const first: Rule = { path: 'acme', allow: ['db_read'] };
  const second: Rule = { path: 'acme', deny: ['db_*'], allow: ['db_write', 'web'] };
  assert.is(asked([first, second], ['tool.db_read']), 'granted');
  assert.is(asked([second, first], ['tool.db_read']), 'tool_not_allowed tools-1');
  assert.is(asked([first, second], ['tool.db_write']), 'tool_not_allowed tools-2');
  assert.is(asked([first, second], ['tool.web']), 'granted');
});

test('T-05 T-12 a rule may be about some agents and roles', () => {
  const rules: Rule[] = [{ path: 'acme', deny: ['shell'], roles: ['agent'], agents: ['lea'] }];
  assert.is(asked(rules, ['tool.shell']), 'tool_not_allowed tools-1');
  assert.is(asked(rules, ['tool.shell'], 'lea'), 'tool_not_allowed tools-1');
  assert.is(asked(rules, ['tool.shell'], 'operator'), 'granted');
});

test('T-12 the denial names tool, node, rule and pattern, costs nothing and is no contest', () => {
  const rig = givenLab(tools({ path: 'acme', deny: ['sh*l'] }));
  const { answer, events } = rig.when(ask('a', { 'tool.shell': 1, credits: 5 }), 'ann');
  has(answer, {
    outcome: 'denied',
    reason: 'tool_not_allowed',
    class: 'authority',
    retryOn: 'never',
    message: 'tool_not_allowed: shell is denied there by sh*l (rule tools-1 of acme)',
    factors: { at: 'acme', tool: 'shell', pattern: 'sh*l' },
  });
  assert.is(events.length, 1);
  assert.is(rig.team.nodes.get('acme')?.accounts.get('credits')?.committed, 0);
});

test('T-12 who waits for a tool is denied when it is not allowed any more', () => {
  const rig = givenLab();
  rig.when({ op: 'setLimits', path: 'acme', limits: { 'slot.gpu': { limit: 1 } } });
  rig.when(ask('has', { 'slot.gpu': 1 }), 'ann');
  rig.when(ask('waits', { 'slot.gpu': 1 }, { maxWaitMs: 9_000 }), 'bob');
  const denied = the(rig.when(tools({ path: 'acme', deny: ['gpu'] })).events, 'RequestDenied');
  has(denied, { id: 'waits', reason: 'tool_not_allowed', waited: true, rule: 'tools-1' });
  // What was granted before stays granted, and grows no more.
  const more = { op: 'resize', allocation: 'has', items: { 'slot.gpu': 2 } } as const;
  shows(rig.when(more, 'ann'), { outcome: 'refused', code: 'not_permitted' });
  shows(rig.when(release('has'), 'ann'), { outcome: 'released' });
});

test.run();
