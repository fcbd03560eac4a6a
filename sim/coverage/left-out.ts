/** What no run can reach, and why; so it is listed nowhere. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'any command: internal': 'an invariant has to fail for it: then the run has found a fault',
  'any command: wrong_shard':
    'the broker maps teams to shards, and lets nobody speak to a shard past its mapping',
  'any command: not_available, unknown_op': 'the subject names an op that is in no table',
  'a message: oversize':
    'counted once, as a message: it is refused before anybody looks at its command',
  'a read: overloaded, id_conflict, outcome_unknown': 'reads use no id and are let through',
  'renew: lease_over': 'what had to end has ended, in the same decision, before it is asked for',
  'freeze: node_closed': 'what closes may still be frozen, and what is closed is no node any more',
  'request: denied unknown_resource, amount_out_of_range': 'both are refused, not denied',
  'request: denied insufficient_resource': 'every resource of the registry has a reason of its own',
  'request: denied queue_full': 'a team may have 100,000 waiting; a run has some 1,000 commands',
  'request: denied wait_timeout': 'comes to who waits, not as an answer: see the events',
  'setPolicy, open, setLimits: resource_in_use, exclusive_resource':
    'plans speak of the resources that every team has',
  'topUp: too_many_grants': 'an account may have 64 in force; a run tops up far less often',
  'release: amount_out_of_range':
    'a report that would leave the range is refused, and what was reported is all it books',
  'a caller: outcome_unknown':
    'a client says how long ago it first sent a command; no run lasts longer than ids are known',
  'a resource class of renew, charge, topUp': 'nothing is decided by it',
  'a tier of settle, release, renew, report, resize': 'they name an allocation, not a node',
};
