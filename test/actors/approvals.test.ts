import type { CommandInput } from '../../events/commands.ts';
import type { BursarEvent } from '../../events/events.ts';
import { noticesOf } from '../../writer/notices.ts';
import { assert, suite } from '../harness/suite.ts';
import { has, shows, type TeamRig, the } from './rig.ts';
import { stateOf } from './state.ts';
import { ask, enrol, givenLab, policy, RUN, release, STEP, setLimits } from './world.ts';

const test = suite('actors: approvals');

type Rule = NonNullable<Extract<CommandInput, { op: 'setPolicy' }>['policy']['rules']>[number];
const ABOVE_100: Rule = {
  name: 'big',
  path: 'acme',
  resource: 'credits',
  above: 100,
  effect: 'approve',
};
const types = (events: readonly BursarEvent[]) => events.map(({ type }) => type);
const approve = (request: string): CommandInput => ({ op: 'approve', request });
const decline = (request: string, reason?: string): CommandInput => ({
  op: 'decline',
  request,
  ...(reason === undefined ? {} : { reason }),
});

/** The lab, with amy who approves in all of it; asking for more than 100 credits needs her. */
function givenRule(...more: readonly CommandInput[]): TeamRig {
  const rules = [{ ...ABOVE_100, effect: 'approve' as const }];
  return givenLab(
    policy({ rules, approvalMs: 5_000 }),
    enrol('amy', { role: 'approver' }),
    ...more,
  );
}

test('T-05 a request above the threshold holds nothing and waits for an approver', () => {
  const rig = givenRule();
  const { answer, events } = rig.when(ask('big', { credits: 101 }), 'ann');
  assert.equal(types(events), ['ApprovalRequested']);
  assert.equal(answer, {
    outcome: 'pendingApproval',
    id: 'big',
    resource: 'credits',
    requested: 101,
    above: 100,
    timeoutInMs: 5_000,
    rule: 'big',
    factors: { at: 'acme', resource: 'credits', requested: 101, above: 100, effect: 'approve' },
  });
  assert.is(rig.team.nodes.get('acme')?.accounts.get('credits')?.committed, 0);
  shows(rig.when(ask('small', { credits: 100 }), 'ann'), { outcome: 'granted' });
  rig.pass(1_000);
  const again = rig.when(ask('big', { credits: 101 }), 'ann').answer;
  has(again, { outcome: 'pendingApproval', replayed: true, timeoutInMs: 4_000 });
  shows(rig.when({ op: 'status', of: 'big' }, 'ann'), { outcome: 'pendingApproval' });
  const { answer: line } = rig.when({ op: 'queue', path: 'acme/lab' }, 'amy');
  assert.is(line.outcome, 'queue');
  if (line.outcome !== 'queue') return;
  assert.equal(line.approvalsTotal, 1);
  has(line.approvals?.[0], { id: 'big', agent: 'ann', path: STEP, waitedMs: 1_000, rule: 'big' });
});

test('T-05 T-18 who waits for an approver on a step that nobody opens again is denied when it closes', () => {
  const rig = givenRule(ask('small', { credits: 10 }));
  rig.when(ask('big', { credits: 101 }), 'ann');
  const rules = [{ ...ABOVE_100, effect: 'approve' as const }];
  rig.when(policy({ rules, approvalMs: 5_000, autoOpen: 'none' }));
  const { events } = rig.when(release('small'));
  has(the(events, 'RequestDenied'), { id: 'big', reason: 'unknown_node', approval: true });
});

test('T-05 what is approved is decided under its own id as if it had arrived then, and has to be claimed', () => {
  const rig = givenRule();
  rig.when(ask('big', { credits: 600 }), 'ann');
  rig.pass(2_000);
  const { answer, events } = rig.when({ ...approve('big'), id: 'yes' }, 'amy');
  has(answer, { outcome: 'approved', id: 'yes', request: 'big' });
  assert.equal(types(events), ['ApprovalGiven', 'AllocationGranted']);
  const grant = the(events, 'AllocationGranted');
  has(grant, { id: 'big', by: 'ann', via: 'approval', waitedMs: 2_000 });
  assert.is(grant.claimUntilMs, rig.nowMs + 30_000);
  const [notice] = noticesOf(rig.team, grant);
  has(notice, { kind: 'granted', id: 'big', subject: 'bursar.notice.ann.acme.granted' });
  shows(rig.when({ op: 'status', of: 'big' }, 'ann'), { outcome: 'granted', id: 'big' });
  assert.is(rig.team.allocations.get('big')?.claimUntilMs, null);
  rig.when(ask('next', { credits: 500 }), 'ann');
  // 600 of 1,000 are held: the approver's word makes no room.
  const short = rig.when(approve('next'), 'amy');
  assert.equal(types(short.events).at(0), 'ApprovalGiven');
  const denied = the(short.events, 'RequestDenied');
  has(denied, { id: 'next', reason: 'insufficient_credits', approval: true, by: 'ann' });
  has(noticesOf(rig.team, denied)[0], { kind: 'denied', id: 'next' });
  assert.is(rig.team.approvals.size, 0);
});

test('T-05 what is approved may have to wait in the queue like any other', () => {
  const rig = givenRule();
  rig.when(ask('holder', { concurrency: 4 }), 'bob');
  rig.when(ask('both', { credits: 200, concurrency: 1 }, { maxWaitMs: 9_000 }), 'ann');
  const { events } = rig.when(approve('both'), 'amy');
  has(the(events, 'RequestQueued'), { id: 'both', by: 'ann' });
  const grant = the(rig.when(release('holder'), 'bob').events, 'AllocationGranted');
  has(grant, { id: 'both', via: 'queue' });
});

test('T-05 nobody approves its own request, nor one outside its prefix, nor twice', () => {
  const rig = givenRule(
    enrol('ops', { role: 'operator' }),
    enrol('far', { role: 'approver', prefix: 'acme/other' }),
  );
  rig.when(ask('own', { credits: 200 }), 'ops');
  for (const agent of ['ops', 'far', 'ann']) {
    const { answer, events } = rig.when(approve('own'), agent);
    has(answer, { outcome: 'refused', code: 'not_permitted' });
    assert.equal(events, []);
  }
  shows(rig.when(approve('own'), 'amy'), { outcome: 'approved' });
  shows(rig.when(approve('own'), 'amy'), { code: 'unknown_request' });
});

test('T-05 what is declined or not answered in time is denied, and says so', () => {
  const rig = givenRule();
  rig.when(ask('no', { credits: 200 }), 'ann');
  const { events, answer } = rig.when(decline('no', 'too dear'), 'amy');
  has(answer, { outcome: 'declined', request: 'no' });
  has(the(events, 'ApprovalDeclined'), { reason: 'too dear', by: 'amy' });
  has(the(events, 'RequestDenied'), { id: 'no', reason: 'approval_declined', by: 'ann' });
  shows(rig.when(ask('no', { credits: 200 }), 'ann'), {
    outcome: 'denied',
    reason: 'approval_declined',
    class: 'authority',
    replayed: true,
  });
  rig.when(ask('slow', { credits: 200 }), 'ann');
  assert.equal(rig.pass(4_999), []);
  has(the(rig.pass(1), 'RequestDenied'), { id: 'slow', reason: 'approval_expired' });
  shows(rig.when(approve('slow'), 'amy'), { code: 'unknown_request' });
});

test('T-05 a freeze, a stop and a closing bar it like what is queued; its agent may take it back', () => {
  const bar = (command: CommandInput) => {
    const rig = givenRule();
    rig.when(ask('big', { credits: 200 }), 'ann');
    const denied = the(rig.when(command).events, 'RequestDenied');
    assert.is(rig.team.approvals.size, 0);
    return denied.reason;
  };
  assert.is(bar({ op: 'freeze', path: RUN }), 'frozen');
  assert.is(bar({ op: 'stop', path: 'acme' }), 'stopped');
  assert.is(bar({ op: 'close', path: RUN }), 'closing');
  const rig = givenRule();
  rig.when(ask('big', { credits: 200 }), 'ann');
  shows(rig.when({ op: 'cancel', request: 'big' }, 'bob'), { code: 'not_permitted' });
  shows(rig.when({ op: 'cancel', request: 'big' }, 'ann'), { outcome: 'cancelled' });
  assert.equal(rig.pass(10_000), []);
});

test('T-05 a rule that denies is stronger than one that asks an approver, also when it comes later', () => {
  const rig = givenRule();
  rig.when(ask('big', { credits: 300 }), 'ann');
  const deny: Rule = {
    path: RUN,
    resource: 'credits',
    above: 250,
    effect: 'deny',
    agents: ['ann'],
  } as const;
  rig.when(policy({ rules: [ABOVE_100, deny] }));
  shows(rig.when(ask('bigger', { credits: 300 }), 'ann'), {
    outcome: 'denied',
    reason: 'rule_denied',
    rule: 'rule-2',
  });
  shows(rig.when(ask('other', { credits: 300 }), 'bob'), { outcome: 'pendingApproval' });
  const { events } = rig.when(approve('big'), 'amy');
  has(the(events, 'RequestDenied'), { id: 'big', reason: 'rule_denied' });
});

test('T-05 what was granted does not grow past a rule; to shrink is always free', () => {
  const rig = givenRule();
  rig.when(ask('a', { credits: 90 }), 'ann');
  const resize = (credits: number) =>
    ({ op: 'resize', allocation: 'a', items: { credits } }) as const;
  shows(rig.when(resize(101), 'ann'), { outcome: 'refused', code: 'not_permitted' });
  shows(rig.when(resize(100), 'ann'), { outcome: 'resized' });
  rig.when(policy({ rules: [{ ...ABOVE_100, above: 10, effect: 'deny' }] }));
  shows(rig.when(resize(101), 'ann'), { outcome: 'refused', code: 'not_permitted' });
  shows(rig.when(resize(50), 'ann'), { outcome: 'resized' });
});

test('T-05 a dry run says that it would need approval, and records nothing', () => {
  const rig = givenRule();
  const { answer, events } = rig.when(ask('dry', { credits: 200 }, { dryRun: true }), 'ann');
  has(answer, { outcome: 'would_need_approval', requested: 200, above: 100, rule: 'big' });
  assert.equal(events, []);
  assert.is(rig.team.approvals.size, 0);
});

test('T-05 replay and take-over know what waits for an approver; an outage moves its end', () => {
  const rig = givenRule(setLimits('acme', { credits: 500 }));
  rig.when(ask('big', { credits: 200 }), 'ann');
  assert.equal(stateOf(rig.replayed()), stateOf(rig.team));
  rig.record({ type: 'LeasesExtended', v: 1, team: 'acme', atMs: rig.nowMs, byMs: 1_000 });
  const next = rig.takenOver();
  assert.equal(next.pass(5_999), []);
  has(the(next.pass(1), 'RequestDenied'), { id: 'big', reason: 'approval_expired' });
});

test.run();
