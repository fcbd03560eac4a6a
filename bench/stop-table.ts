import Table from 'cli-table3';
import type { StopReport, StopRound } from './stop.ts';

/** The report for a person. */
export function stopTableOf({ versions, machine, settings, rounds, log }: StopReport): string {
  const { agents, allocations } = settings;
  const table = new Table({
    head: [
      'agents',
      'live',
      'durable',
      'notices first … last',
      'last ack',
      'last settle',
      'last fence after deadline',
      'stands still',
      'asked meanwhile, denied',
    ],
    style: { head: [], border: [] },
    colAligns: ['left', ...Array.from({ length: 8 }, () => 'right' as const)],
    wordWrap: true,
  });
  for (const round of rounds) table.push(rowOf(round));
  const { stops, admittedBelow, deniedByStop } = log;
  return [
    `Bursar ${versions.bursar} · Node ${versions.node} · nats-server ${versions.natsServer} · ` +
      `${machine.cores} cores ${machine.cpu}`,
    `A swarm with ${number(allocations)} live allocations of ${agents} agents, a connection each, is stopped.`,
    'Times in ms from the command; of those who do nothing the last two from the deadline.',
    table.toString(),
    `From the log: ${stops} stops, ${number(deniedByStop)} requests denied by them, ` +
      `${admittedBelow.length} admitted that one stops.`,
    ...admittedBelow.slice(0, 5),
  ].join('\n');
}

function rowOf(round: StopRound): string[] {
  const text = (ms: number | undefined) => (ms === undefined ? '–' : String(ms));
  return [
    round.agents,
    number(round.allocations),
    text(round.durableMs),
    `${round.firstNoticeMs} … ${round.lastNoticeMs}`,
    text(round.lastAcknowledgedMs),
    text(round.lastSettledMs),
    text(round.lastFencedAfterDeadlineMs),
    text(round.completeMs),
    `${number(round.pressed)}, ${number(round.denied)}`,
  ];
}

function number(value: number): string {
  return value.toLocaleString('en');
}
