import type { Given, Sent, TeamHistory } from '../model/history.ts';
import { judgeTeam } from '../model/judge-team.ts';
import type { DurableLog } from './durable-log.ts';
import type { Exchange } from './exchanges.ts';
import type { SimViolation } from './report.ts';

/** How old the books may be that a paused writer reads to somebody, ms (docs/guarantees.md). */
const STALE_MS = 1_000;

/** Judges every team of the run by the independent model. */
export function judgeTeams(
  logs: readonly DurableLog[],
  exchanges: readonly Exchange[],
): SimViolation[] {
  const violations: SimViolation[] = [];
  for (const { shard, events } of logs) {
    for (const team of new Set(events.map(({ event }) => event.team))) {
      const history: TeamHistory = {
        team,
        events: events.filter(({ event }) => event.team === team),
        ...askedOf(team, exchanges),
        staleMs: STALE_MS,
      };
      for (const { rule, message, position, id } of judgeTeam(history)) {
        const place = position === undefined ? {} : { seq: position.seq };
        const about = id === undefined ? {} : { id };
        violations.push({ rule, message, team, shard, ...place, ...about });
      }
    }
  }
  return violations;
}

function askedOf(team: string, exchanges: readonly Exchange[]) {
  const sent: Sent[] = [];
  const answers: Given[] = [];
  for (const { agent, team: of, command, sentAtMs, answers: given, arrivalCount } of exchanges) {
    if (of !== team || command === undefined) continue;
    const to = { agent, command, sentAtMs };
    sent.push(to);
    for (const { answer, repliedAtMs } of given) {
      // One copy of a doubled message may be turned away and the other one carried out.
      if (arrivalCount > 1 && answer.outcome === 'refused' && answer.retryable) continue;
      answers.push({ to, answer, answeredAtMs: repliedAtMs });
    }
  }
  return { sent, answers };
}
