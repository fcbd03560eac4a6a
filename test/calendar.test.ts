import fc from 'fast-check';
import { windowEndAfter } from '../actors/windows/calendar.ts';
import { Window } from '../events/window.ts';
import { zoneOffset } from '../writer/zones.ts';
import { assert, suite } from './harness/suite.ts';

const test = suite('calendar of windows');

/** The ends that follow an instant, as they are written. */
function endsAfter(at: string, window: Partial<Window>, count = 1): (string | null)[] {
  const whole = Window.parse({ every: '1d', ...window });
  const ends: (string | null)[] = [];
  let atMs = Date.parse(at);
  for (let i = 0; i < count; i += 1) {
    const next = windowEndAfter(whole, atMs, zoneOffset);
    if (next === null) return [...ends, null];
    ends.push(new Date(next).toISOString().replace('.000Z', 'Z'));
    atMs = next;
  }
  return ends;
}

test('T-11 days, weeks, months and years begin where the zone has them', () => {
  assert.equal(endsAfter('2023-05-15T10:30:00Z', {}), ['2023-05-16T00:00:00Z']);
  assert.equal(endsAfter('2023-05-15T00:00:00Z', {}), ['2023-05-16T00:00:00Z']);
  assert.equal(endsAfter('2023-05-17T15:45:00Z', { every: '1w' }), ['2023-05-22T00:00:00Z']);
  assert.equal(endsAfter('2023-05-17T15:45:00Z', { every: '2w', weekStart: 'sun' }, 2), [
    '2023-05-31T00:00:00Z',
    '2023-06-14T00:00:00Z',
  ]);
  assert.equal(endsAfter('2023-12-15T09:00:00Z', { every: '1mo' }), ['2024-01-01T00:00:00Z']);
  assert.equal(endsAfter('2024-01-31T09:00:00Z', { every: '1mo' }, 3), [
    '2024-02-01T00:00:00Z',
    '2024-03-01T00:00:00Z',
    '2024-04-01T00:00:00Z',
  ]);
  assert.equal(endsAfter('2023-03-01T00:00:00Z', { every: '3mo' }), ['2023-06-01T00:00:00Z']);
  assert.equal(endsAfter('2023-03-01T00:00:00Z', { every: '1y' }), ['2024-01-01T00:00:00Z']);
  assert.equal(endsAfter('2023-05-15T10:30:00Z', { every: '30d' }, 2), [
    '2023-06-14T00:00:00Z',
    '2023-07-14T00:00:00Z',
  ]);
  assert.equal(endsAfter('2023-05-15T22:30:00Z', { tz: 'Asia/Kolkata' }), ['2023-05-16T18:30:00Z']);
  assert.equal(endsAfter('2023-05-15T22:30:00Z', { every: 'manual' }), [null]);
});

test('T-11 a time of day moves the start of the day, of the week and of the month', () => {
  const noon = { at: '12:00' };
  assert.equal(endsAfter('2023-05-15T08:00:00Z', noon), ['2023-05-15T12:00:00Z']);
  assert.equal(endsAfter('2023-05-15T12:00:00Z', noon), ['2023-05-16T12:00:00Z']);
  const weekly = { ...noon, every: '1w' };
  assert.equal(endsAfter('2023-05-22T09:00:00Z', weekly), ['2023-05-22T12:00:00Z']);
  assert.equal(endsAfter('2023-05-22T15:00:00Z', weekly), ['2023-05-29T12:00:00Z']);
  const monthly = { ...noon, every: '1mo' };
  assert.equal(endsAfter('2023-05-01T09:00:00Z', monthly), ['2023-05-01T12:00:00Z']);
  const several = { ...noon, every: '3d' };
  assert.equal(endsAfter('2023-05-15T10:30:00Z', several, 2), [
    '2023-05-18T12:00:00Z',
    '2023-05-21T12:00:00Z',
  ]);
  assert.equal(endsAfter('2023-05-15T08:00:00Z', { at: '09:30:15' }), ['2023-05-15T09:30:15Z']);
  const daily = { ...noon, every: '1d', tz: 'Pacific/Kiritimati' };
  assert.equal(endsAfter('2023-05-15T22:00:00Z', daily), ['2023-05-16T22:00:00Z']);
});

test('T-11 stretches of a day are counted from its start', () => {
  assert.equal(endsAfter('2023-05-15T10:30:00Z', { every: '6h' }, 3), [
    '2023-05-15T12:00:00Z',
    '2023-05-15T18:00:00Z',
    '2023-05-16T00:00:00Z',
  ]);
  assert.equal(endsAfter('2023-05-15T23:30:00Z', { every: '5h' }), ['2023-05-16T00:00:00Z']);
  assert.equal(endsAfter('2023-05-15T10:44:59.999Z', { every: '15m' }), ['2023-05-15T10:45:00Z']);
  assert.equal(endsAfter('2023-05-15T10:45:00Z', { every: '30s' }), ['2023-05-15T10:45:30Z']);
});

test('T-11 a day has 23 or 25 hours where the clocks change', () => {
  const tz = 'America/New_York';
  assert.equal(endsAfter('2024-03-09T12:00:00Z', { tz }, 3), [
    '2024-03-10T05:00:00Z',
    '2024-03-11T04:00:00Z',
    '2024-03-12T04:00:00Z',
  ]);
  assert.equal(endsAfter('2024-11-02T12:00:00Z', { tz }, 3), [
    '2024-11-03T04:00:00Z',
    '2024-11-04T05:00:00Z',
    '2024-11-05T05:00:00Z',
  ]);
  // 02:30 does not come on 10 March: the clock goes from 02:00 to 03:00.
  assert.equal(endsAfter('2024-03-09T12:00:00Z', { tz, at: '02:30' }, 2), [
    '2024-03-10T07:00:00Z',
    '2024-03-11T06:30:00Z',
  ]);
  // 01:30 comes twice on 3 November; the first counts.
  assert.equal(endsAfter('2024-11-02T12:00:00Z', { tz, at: '01:30' }, 2), [
    '2024-11-03T05:30:00Z',
    '2024-11-04T06:30:00Z',
  ]);
  // Samoa left out 30 December 2011.
  assert.equal(endsAfter('2011-12-29T12:00:00Z', { tz: 'Pacific/Apia' }, 2), [
    '2011-12-30T10:00:00Z',
    '2011-12-31T10:00:00Z',
  ]);
  assert.equal(endsAfter('2024-03-09T22:00:00Z', { tz, every: '12h' }, 3), [
    '2024-03-10T05:00:00Z',
    '2024-03-10T17:00:00Z',
    '2024-03-11T04:00:00Z',
  ]);
});

test('T-11 an end lies ahead, and is the same for every instant before it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('1d', '3d', '1w', '1mo', '1y', '7h', '20m'),
      fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe'),
      fc.constantFrom('00:00', '02:15', '23:30'),
      fc.integer({ min: Date.parse('2023-01-01'), max: Date.parse('2027-01-01') }),
      (every, tz, at, atMs) => {
        const window = Window.parse({ every, tz, at });
        const end = windowEndAfter(window, atMs, zoneOffset) ?? 0;
        assert.ok(end > atMs);
        if (every !== '3d') assert.is(windowEndAfter(window, end - 1, zoneOffset), end);
        assert.ok((windowEndAfter(window, end, zoneOffset) ?? 0) > end);
      },
    ),
    { numRuns: 300 },
  );
});

test('T-11 a zone that nobody knows is told apart', () => {
  assert.is(zoneOffset('Mars/Olympus', 0), undefined);
  assert.is(zoneOffset('Asia/Kathmandu', Date.parse('2024-01-01')), 20_700_000);
});

test.run();
