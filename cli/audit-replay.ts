import { BursarEvent } from '../events/events.ts';
import { isWithin, teamOf } from '../events/names.ts';
import { closestTo } from '../policies/did-you-mean.ts';
import { pathOf, places } from '../projections/places.ts';
import { countOf } from '../workload/number-text.ts';
import { UsageError } from './errors.ts';
import { eventLine } from './event-text.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { LogSource } from './log-access.ts';
import { eachLogItem } from './log-events.ts';
import type { Session } from './session.ts';
import { nodePath } from './values.ts';

type ReplayOptions = LogSource & {
  readonly type?: readonly string[];
  readonly since?: string;
  readonly until?: string;
};

/** Shows the recorded events in the order of the log; with JSON one line for each. */
export async function auditReplay(
  session: Session,
  options: ReplayOptions,
  text: string | undefined,
): Promise<ExitCode> {
  const { screen } = session;
  const path = text === undefined ? session.team : nodePath(text);
  const types = new Set((options.type ?? []).map(eventType));
  const sinceMs = timeFrom(options.since, '--since') ?? 0;
  const untilMs = timeFrom(options.until, '--until') ?? Number.POSITIVE_INFINITY;
  const team = path === undefined ? undefined : teamOf(path);
  let shown = 0;
  let poisoned = 0;
  const known = places.initial();
  await eachLogItem(session, { ...options, team }, (item) => {
    if (item.kind === 'poison') {
      poisoned += 1;
      const { seq, reason } = item.poison;
      screen.aside(screen.paint.red(`shard ${item.shard}, message ${seq} left out: ${reason}`));
      return true;
    }
    const { event, at } = item.recorded;
    const where = pathOf(known, event);
    places.evolve(known, event, at);
    if (event.atMs < sinceMs || event.atMs > untilMs) return true;
    if (path !== undefined && !isWithin(where, path)) return true;
    if (types.size > 0 && !types.has(event.type)) return true;
    shown += 1;
    const place = `${item.shard}:${at.seq}.${at.index}`;
    screen.line(
      { shard: item.shard, ...at, path: where, event },
      () => `${screen.paint.dim(place.padEnd(12))} ${eventLine(event, screen.paint)}`,
    );
    return true;
  });
  screen.aside(
    `${countOf(shown, 'event')}${poisoned === 0 ? '' : `, ${countOf(poisoned, 'record')} left out`}`,
  );
  if (session.signal.aborted) return EXIT.interrupted;
  return poisoned === 0 ? EXIT.ok : EXIT.unsound;
}

const EVENT_TYPES: readonly string[] = BursarEvent.options.map(({ shape }) => shape.type.value);

function eventType(text: string): string {
  if (EVENT_TYPES.includes(text)) return text;
  const meant = closestTo(text, EVENT_TYPES);
  throw new UsageError(
    `--type: there is no event ${text}.`,
    meant === undefined
      ? 'docs/format.md lists them; `bursar audit replay` shows those that there are.'
      : `Did you mean ${meant}?`,
  );
}

function timeFrom(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  throw new UsageError(
    `${option}: '${text}' is no time.`,
    'Write one such as 2026-05-01T12:00:00Z.',
  );
}
