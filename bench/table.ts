import Table from 'cli-table3';
import { decisionCostTextOf } from './decision-cost.ts';
import type { PeerRun } from './peers.ts';
import type { BenchReport } from './report.ts';

/** The report for a person. */
export function tableOf(report: BenchReport): string {
  const {
    versions,
    machine,
    settings,
    oneCallerRatio,
    inProcess,
    decisionCost,
    peers = [],
  } = report;
  const parts = [
    `Bursar ${versions.bursar} · Node ${versions.node} · nats-server ${versions.natsServer} ` +
      `(nats ${versions.nats}) · ${machine.cores} cores ${machine.cpu} · ${machine.system}`,
    `sync_interval: ${settings.syncInterval} · R${settings.replicas} · ${settings.shards} shards · ` +
      `${settings.teams} team(s) · ${settings.tiers} tiers, each with a limit · ` +
      `${settings.secondsPerPoint} s a point · echo of ${settings.echoBytes} B, ` +
      `publish of ${settings.publishBytes} B`,
    ...(machine.isDataInMemory
      ? ['The data lay in memory (tmpfs): synced writes cost nothing there. Use --data DIR.']
      : []),
    '',
    'Durable request + settle pairs over NATS, beside a raw echo and a raw synced publish:',
    pointsTable(report),
    ...(oneCallerRatio === undefined
      ? []
      : [`One caller: p50 of a request ÷ (p50 of echo + publish) = ${oneCallerRatio}`]),
    `In process, one thread: ${number(inProcess.governPerSecond)} decisions/s (decide, evolve); ` +
      `${number(inProcess.bytesToBlockPerSecond)}/s from a command's bytes to a signed block`,
    decisionCostTextOf(decisionCost),
    ...peers.map(peerTable),
  ];
  return parts.join('\n');
}

function pointsTable({ points }: BenchReport): string {
  const table = new Table({
    head: [
      'callers',
      'pairs/s',
      'request p50/p99 ms',
      'pair p50/p99 ms',
      'echo/s',
      'echo p50 ms',
      'pairs÷echo',
      'publish p50 ms',
      'µs CPU/pair writer+load+server',
      'cmds/msg',
      'pairs/block',
      'CPU of others',
    ],
    style: { head: [], border: [] },
    colAligns: Array.from({ length: 12 }, () => 'right'),
    wordWrap: true,
  });
  for (const point of points) {
    const { writer, load, server } = point.cpuMicrosPerPair;
    table.push([
      number(point.callers),
      number(point.pairsPerSecond),
      `${point.requestMs.p50Ms} / ${point.requestMs.p99Ms}`,
      `${point.pairMs.p50Ms} / ${point.pairMs.p99Ms}`,
      number(point.echoPerSecond),
      String(point.echoMs.p50Ms),
      String(point.pairsToEcho),
      String(point.publishMs.p50Ms),
      `${writer} + ${load} + ${server ?? '?'}`,
      String(point.commandsPerMessage),
      String(point.pairsPerBlock),
      point.othersCpuShare === undefined ? '?' : `${Math.round(point.othersCpuShare * 100)} %`,
    ]);
  }
  return table.toString();
}

function peerTable({ peer, points, skipped }: PeerRun): string {
  if (skipped !== undefined) return `\n${peer}: skipped (${skipped})`;
  const table = new Table({
    head: ['teams', 'callers', 'pairs/s', 'p50 / p99 ms'],
    style: { head: [], border: [] },
    colAligns: ['right', 'right', 'right', 'right'],
  });
  for (const { teams, callers, pairsPerSecond, p50Ms, p99Ms } of points) {
    table.push([number(teams), number(callers), number(pairsPerSecond), `${p50Ms} / ${p99Ms}`]);
  }
  return `\n${points[0]?.peer ?? peer}, the same work:\n${table}`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
