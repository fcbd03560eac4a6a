import type { Account } from '../../actors/accounts/account.ts';
import { type Node, nameOf } from '../../actors/nodes/node.ts';
import type { WaitQueue } from '../../actors/queue/wait-queue.ts';
import type { RateGauge } from '../../actors/rates/rate-gauge.ts';
import type { Team } from '../../actors/team.ts';
import type { Timer } from '../../actors/timers.ts';

/**
 * Everything that is true of a team as plain data, in an order that does not depend on how it came
 * about. Left out is what follows from it: actors, and work on the agenda.
 */
export function stateOf(team: Team): unknown {
  const {
    agenda: _agenda,
    timers: _timers,
    runtime: _runtime,
    lives: _lives,
    watch: _watch,
    offsetOf: _offsetOf,
    waiters: _waiters,
    contestsById: _contestsById,
    ...kept
  } = team;
  return {
    ...kept,
    nodes: sorted(team.nodes, nodeState),
    credentials: sorted(team.credentials, same),
    allocations: sorted(team.allocations, ({ node, expiry, reservation, counted, ...rest }) => ({
      ...rest,
      reservation: reservation?.id ?? null,
      counted: counted?.map((one) => [one.node.path, one.resource, one.amount]),
      path: node.path,
      timerAtMs: expiry.place === -1 ? null : expiry.atMs,
    })),
    tombstones: sorted(team.tombstones, same),
    ids: sorted(team.ids, same),
    waiting: sorted(team.waiting, ({ timeout, ...rest }) => ({
      ...rest,
      timerAtMs: timeout.place === -1 ? null : timeout.atMs,
    })),
    reservations: sorted(team.reservations, ({ node, end, holders, ...rest }) => ({
      ...rest,
      path: node.path,
      holders: [...holders].map(({ id }) => id).sort(),
      timerAtMs: end.place === -1 ? null : end.atMs,
    })),
    approvals: sorted(team.approvals, ({ timeout, ...rest }) => ({
      ...rest,
      timerAtMs: timeout.place === -1 ? null : timeout.atMs,
    })),
    contests: sorted(team.contests, same),
    agingQueues: sorted(team.agingQueues, ({ standing, timer: _timer, ...rest }) => ({
      ...rest,
      standing: [...standing].map(({ id }) => id),
    })),
    emergencies: [...team.emergencies],
  };
}

function nodeState(node: Node): unknown {
  const {
    parent,
    life,
    allocations,
    children,
    accounts,
    rates,
    freezes,
    stops,
    queues,
    holders: _holders,
    divided,
    closedNames,
    reservations,
    ...rest
  } = node;
  return {
    ...rest,
    allocations: [...(allocations ?? [])].map(({ id }) => id).sort(),
    children: [...children].map(nameOf).sort(),
    reservations: [...(reservations ?? [])].map(({ id }) => id).sort(),
    rates: sorted(rates ?? new Map<string, RateGauge>(), (gauge) => gauge.state()),
    accounts: sorted(accounts, accountState),
    freezes: sorted(freezes ?? new Map(), same),
    stops: sorted(stops ?? new Map(), (stop) => ({
      ...stop,
      acknowledgedBy: [...stop.acknowledgedBy].sort(),
    })),
    queues: sorted(queues ?? new Map<string, WaitQueue>(), (queue) =>
      [...queue.inOrder()].map(({ id }) => id),
    ),
    closedNames: [...(closedNames ?? [])].sort(),
    divided: sorted(divided ?? new Map(), ({ timer: _timer, shares, ...rest }) => ({
      ...rest,
      shares: sorted(shares, same),
    })),
  };
}

function accountState({ window, grants, ...account }: Account): unknown {
  const timed = (timer: Timer | null) => (timer === null ? null : [timer.atMs, timer.place >= 0]);
  return {
    ...account,
    window: window && { ...window, timer: timed(window.timer) },
    grants: grants && {
      timer: timed(grants.timer),
      grants: structuredClone(grants.grants),
      cover: structuredClone(grants.cover),
      history: structuredClone(grants.history()),
    },
  };
}

function sorted<Value>(
  map: Iterable<[string, Value]>,
  show: (value: Value) => unknown,
): [string, unknown][] {
  const entries = [...map].map(([key, value]): [string, unknown] => [key, show(value)]);
  return entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function same<Value>(value: Value): Value {
  return structuredClone(value);
}
