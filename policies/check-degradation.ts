import type { Policy } from '../events/policy.ts';
import type { Note } from './check-meaning.ts';

const KINDS = ['notice', 'warning', 'critical', 'exhausted'] as const;

/** Levels get stricter on the way up, and something has to lead to them. */
export function checkDegradation(
  { degradation, ladder, reserves }: Policy,
  given: ReadonlySet<string>,
  note: Note,
): void {
  if (degradation === null) return;
  const { levels, from } = degradation;
  if (ladder.length === 0) {
    const message =
      'the ladder has no rungs, so only thresholds of single accounts lead to a level';
    note('warning', ['degradation'], message, 'Give the ladder its rungs back.', true);
  }
  for (const [i, kind] of KINDS.entries()) {
    const milder = KINDS[i - 1];
    if (milder === undefined || from[kind] >= from[milder]) continue;
    const message = `${kind} leads to level ${from[kind]}, below that of ${milder}`;
    note('warning', ['degradation', 'from', kind], message, 'Let worse alarms lead further.');
  }
  for (const [i, { admit, reserve }] of levels.entries()) {
    if (reserve && given.has('degradation') && Object.keys(reserves).length === 0) {
      const message = 'no swarm keeps a reserve on which critical work could draw';
      note('warning', ['degradation', 'levels', i, 'reserve'], message, 'Add `reserves`.');
    }
    const before = levels[i - 1]?.admit ?? null;
    if (before === null || (admit !== null && admit >= before)) continue;
    const message = `level ${i + 1} admits more than level ${i}`;
    note('warning', ['degradation', 'levels', i, 'admit'], message, 'Let levels get stricter.');
  }
}
