import type { CommandInput } from '../../events/commands.ts';
import { assert, suite } from '../harness/suite.ts';
import { shows } from './rig.ts';
import { ask, enrol, givenLab, open, policy, RUN, setLimits, settle } from './world.ts';

const test = suite('actors: authority');

const ALL: Readonly<Record<CommandInput['op'], CommandInput>> = {
  request: ask('r', { credits: 1 }),
  settle: settle('none', { credits: 1 }),
  release: { op: 'release', allocation: 'none' },
  renew: { op: 'renew', allocation: 'none', byMs: 10 },
  resize: { op: 'resize', allocation: 'none', items: { credits: 1 } },
  report: { op: 'report', allocation: 'none', used: { credits: 1 } },
  charge: { op: 'charge', id: 'c', path: RUN, amounts: { credits: 1 } },
  adjust: { op: 'adjust', id: 'j', allocation: 'none', actual: { credits: 1 } },
  cancel: { op: 'cancel', request: 'none' },
  approve: { op: 'approve', request: 'none' },
  decline: { op: 'decline', request: 'none' },
  open: open(`${RUN}/new`),
  close: { op: 'close', path: `${RUN}/old` },
  setLimits: setLimits(`${RUN}/old`, { credits: 1 }),
  topUp: { op: 'topUp', id: 't', path: `${RUN}/old`, amounts: { credits: 1 } },
  voidGrant: { op: 'voidGrant', path: `${RUN}/old`, grant: 'none' },
  resetWindow: { op: 'resetWindow', path: `${RUN}/old`, resource: 'credits' },
  transfer: {
    op: 'transfer',
    id: 'x',
    from: `${RUN}/old`,
    to: `${RUN}/other`,
    amounts: { credits: 1 },
  },
  distribute: { op: 'distribute', path: RUN, amounts: { credits: 'all' } },
  reserve: { op: 'reserve', path: `${RUN}/old`, items: { credits: 1 }, forMs: 10 },
  cancelReservation: { op: 'cancelReservation', reservation: 'none' },
  setPolicy: policy({}),
  policy: { op: 'policy', path: RUN },
  enrol: enrol('eve'),
  dismiss: { op: 'dismiss', agent: 'ann' },
  freeze: { op: 'freeze', path: RUN },
  unfreeze: { op: 'unfreeze', path: RUN, freeze: 'none' },
  stop: { op: 'stop', path: RUN },
  acknowledgeStop: { op: 'acknowledgeStop', path: RUN, stop: 'none' },
  recover: { op: 'recover', path: RUN, stop: 'none' },
  openBreaker: { op: 'openBreaker', path: RUN, resource: 'tool.search' },
  closeBreaker: { op: 'closeBreaker', path: RUN, resource: 'tool.search' },
  balance: { op: 'balance', path: RUN },
  status: { op: 'status', of: 'none' },
  explain: { op: 'explain', of: 'none' },
  queue: { op: 'queue', path: RUN },
  emergencies: { op: 'emergencies' },
};
const AGENT = [
  'request',
  'settle',
  'release',
  'renew',
  'resize',
  'report',
  'cancel',
  'open',
  'close',
  'acknowledgeStop',
];
const READS = ['balance', 'status', 'explain', 'queue', 'policy', 'emergencies'];
const LEAD = [
  'setLimits',
  'topUp',
  'voidGrant',
  'resetWindow',
  'transfer',
  'distribute',
  'reserve',
  'cancelReservation',
];
const MAY = {
  agent: [...AGENT, ...READS],
  lead: [...AGENT, ...READS, ...LEAD],
  approver: [...READS, 'approve', 'decline'],
  auditor: READS,
  operator: Object.keys(ALL),
} as const;

for (const role of Object.keys(MAY) as (keyof typeof MAY)[]) {
  test(`I-07 the role ${role} covers its ops and no others`, () => {
    for (const [op, command] of Object.entries(ALL)) {
      const rig = givenLab(open(`${RUN}/old`), enrol('x', { role, prefix: 'acme/lab' }));
      const { answer, events } = rig.when(command, 'x');
      const isRefused = answer.outcome === 'refused' && answer.code === 'not_permitted';
      assert.is(isRefused, !(MAY[role] as readonly string[]).includes(op), `${role} ${op}`);
      if (isRefused) assert.equal(events, []);
    }
  });
}

test('I-07 nobody acts who is not enrolled, or not any more', () => {
  const rig = givenLab();
  rig.when(ask('a', { credits: 1 }), 'ann');
  shows(rig.when(ask('b', { credits: 1 }), 'eve'), { code: 'not_permitted' }, []);
  rig.when({ op: 'dismiss', agent: 'ann' });
  shows(rig.when(settle('a', { credits: 1 }), 'ann'), { code: 'not_permitted' }, []);
  // Not even by repeating what was answered before.
  shows(rig.when(ask('a', { credits: 1 }), 'ann'), { code: 'not_permitted' }, []);
  shows(rig.when({ op: 'dismiss', agent: 'ann' }), { code: 'unknown_id' }, []);
});

test('I-07 a prefix covers its node and what is beneath it, not what only begins alike', () => {
  const rig = givenLab(open('acme/lab/runs'), enrol('x', { prefix: RUN }));
  shows(rig.when(ask('a', { credits: 1 }), 'x'), { outcome: 'granted' });
  shows(rig.when(ask('b', { credits: 1 }, { path: RUN }), 'x'), { outcome: 'granted' });
  for (const path of ['acme/lab', 'acme', 'acme/lab/runs', 'acme/lab/runs/s']) {
    shows(rig.when(ask('c', { credits: 1 }, { path }), 'x'), { code: 'not_permitted' }, []);
    shows(rig.when({ op: 'balance', path }, 'x'), { code: 'not_permitted' }, []);
  }
});

test('I-07 the node of a prefix is given: nobody opens, closes or widens his own', () => {
  const rig = givenLab(setLimits(RUN, { credits: 5 }));
  rig.when(enrol('lea', { role: 'lead', prefix: RUN }));
  rig.when(enrol('al', { prefix: RUN }));
  for (const [command, agent] of [
    [setLimits(RUN, { credits: 1_000 }), 'lea'],
    [{ op: 'topUp', id: 't', path: RUN, amounts: { credits: 5 } }, 'lea'],
    [{ op: 'close', path: RUN }, 'lea'],
    [{ op: 'close', path: RUN }, 'al'],
    [open(RUN), 'al'],
  ] as const) {
    shows(rig.when(command, agent), { code: 'not_permitted' }, []);
  }
  shows(rig.when(open(`${RUN}/x`, { credits: 3 }), 'lea'), { outcome: 'opened' });
  shows(rig.when(setLimits(`${RUN}/x`, { credits: 4 }), 'lea'), { outcome: 'limits_set' });
  shows(rig.when({ op: 'close', path: `${RUN}/x` }, 'al'), { outcome: 'closed' });
});

test('I-07 no enrolment takes the operator its rights or gives the auditor more', () => {
  const rig = givenLab(
    enrol('operator', { role: 'auditor', prefix: RUN }),
    enrol('auditor', { role: 'operator' }),
  );
  shows(rig.when(setLimits('acme', { credits: 5 })), { outcome: 'limits_set' });
  shows(rig.when(setLimits('acme', { credits: 5 }), 'auditor'), { code: 'not_permitted' });
  shows(rig.when({ op: 'balance', path: 'acme' }, 'auditor'), { outcome: 'balance' });
});

test('A-09 N-01 T-05 a priority above the cap of credential, node or policy is refused', () => {
  const rig = givenLab(
    policy({ priorityMax: 250 }),
    enrol('free', { priorityMax: undefined }),
    enrol('low', { priorityMax: 'low' }),
    open('acme/lab/calm', {}, { priorityMax: 'normal' }),
  );
  const outcome = (agent: string, priority: number, path = RUN) => {
    const { answer } = rig.when(
      ask(`q${rig.recorded.length}`, { credits: 1 }, { priority, path }),
      agent,
    );
    return answer.outcome === 'refused' ? answer.code : answer.outcome;
  };
  assert.equal([outcome('free', 250), outcome('free', 251)], ['granted', 'not_permitted']);
  assert.equal([outcome('low', 0), outcome('low', 1)], ['granted', 'not_permitted']);
  const calm = 'acme/lab/calm/s';
  assert.equal(
    [outcome('ann', 100, calm), outcome('ann', 101, calm)],
    ['granted', 'not_permitted'],
  );
  assert.is(outcome('operator', 101, calm), 'not_permitted', 'a node binds everybody');
});

test('I-07 what is asked by others is seen beneath the own prefix alone', () => {
  const rig = givenLab(open('acme/lab/two'), enrol('x', { prefix: 'acme/lab/two' }));
  rig.when(enrol('y', { prefix: 'acme/lab/two' }));
  const deep = { path: 'acme/lab/two/s' };
  rig.when(ask('mine', { credits: 10 }, deep), 'x');
  rig.when(ask('live', { credits: 980 }), 'ann');
  rig.when(ask('queued', { credits: 500 }, { maxWaitMs: 9_000 }), 'ann');
  rig.when(ask('denied', { credits: 500 }), 'ann');
  rig.when(ask('ended', { memory: 1 }), 'ann');
  rig.when(settle('ended', { credits: 0 }), 'ann');
  for (const of of ['live', 'queued', 'denied', 'ended']) {
    for (const op of ['status', 'explain'] as const) {
      shows(rig.when({ op, of }, 'x'), { code: 'not_permitted' }, []);
      assert.is.not(rig.when({ op, of }, 'bob').answer.outcome, 'refused', `${op} ${of} bob`);
      assert.is.not(rig.when({ op, of }).answer.outcome, 'refused', `${op} ${of}`);
    }
  }
  shows(rig.when({ op: 'status', of: 'mine' }, 'y'), { outcome: 'allocation' });
  shows(rig.when({ op: 'status', of: 'mine' }, 'x'), { outcome: 'granted' });
  shows(rig.when({ op: 'status', of: 'unknown' }, 'x'), { code: 'unknown_id' });
});

test.run();
