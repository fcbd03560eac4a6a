import fc from 'fast-check';

const nat = fc.integer({ min: 0, max: 1e9 });
const few = fc.integer({ min: 1, max: 80 });
const window = fc.record({
  every: fc.constantFrom('manual', '1s', '1d'),
  carryDebt: fc.boolean(),
});
const terms = fc.record(
  {
    priority: fc.constantFrom(1, 2),
    startInMs: fc.constantFrom(-50, 0, 0, 40, 500),
    forMs: fc.constantFrom(30, 400, 4_000),
    recurrence: fc.constantFrom(
      { everyMs: 1_000, anchorInMs: 0 },
      { everyMs: 1_700, anchorInMs: -30 },
    ),
    rollover: fc.constantFrom({ max: 20 }, { min: 10, max: 40 }),
  },
  { requiredKeys: [] },
);

/** Commands on a node that have to do with time: windows, grants, use of before. */
export const onTime = (path: string): fc.Arbitrary<object> =>
  fc.oneof(
    window.map((set) => ({ op: 'setLimits', path, limits: { credits: { window: set } } })),
    fc
      .option(fc.boolean(), { nil: undefined })
      .map((carryDebt) => ({ op: 'resetWindow', path, resource: 'credits', carryDebt })),
    fc.tuple(fc.constantFrom('x', 'y', 'z'), few, terms).map(([id, credits, grant]) => ({
      op: 'topUp',
      id: `g${id}`,
      path,
      amounts: { credits },
      grant,
    })),
    fc.constantFrom('gx', 'gy').map((grant) => ({ op: 'voidGrant', path, grant })),
    fc.tuple(nat, few, fc.constantFrom(5, 60, 900)).map(([n, credits, agoMs]) => ({
      op: 'charge',
      id: `ago-${n}`,
      path,
      amounts: { credits },
      agoMs,
    })),
    few.map((credits) => ({
      op: 'setLimits',
      path,
      limits: {
        credits: { thresholds: [{ usage: credits }, { usagePercent: 50 }, { balance: 90 }] },
      },
    })),
  );
