import type { BrokerCheck } from '../broker/checks.ts';
import type { Bus } from '../bus/bus.ts';
import { decode } from '../events/codec.ts';
import { OwnerPresence } from '../events/owner-presence.ts';
import { subjects } from '../events/subjects.ts';
import { failed, passed } from './checked.ts';

const PING_MS = 1_000;
/** Longest answer of an owner to a ping. */
const PING_BYTES_MAX = 16_384;

/** Asks who serves each shard, how far its audit has come, and whether an invariant has failed. */
export async function examineWriter(bus: Bus, shards: number): Promise<BrokerCheck[]> {
  const present: OwnerPresence[] = [];
  const unserved: number[] = [];
  await Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      try {
        const subject = subjects.ownerPing(shard);
        const reply = await bus.request(subject, new Uint8Array(), { timeoutMs: PING_MS });
        present.push(OwnerPresence.parse(decode(reply.data, PING_BYTES_MAX)));
      } catch {
        unserved.push(shard);
      }
    }),
  );
  const checks = [checkServed(present, unserved, shards)];
  if (present.length > 0) checks.push(checkInvariants(present));
  return checks;
}

function checkServed(
  present: readonly OwnerPresence[],
  unserved: readonly number[],
  shards: number,
): BrokerCheck {
  const owners = new Set(present.map(({ owner }) => owner));
  if (unserved.length === 0) return passed('writer', `${[...owners].join(', ')} serves all shards`);
  const which =
    unserved.length === shards
      ? 'no shard is served'
      : `not served: ${[...unserved].sort((a, b) => a - b).join(', ')}`;
  return failed(
    'writer',
    which,
    'Start one with bursar up; a frozen shard is named in <data>/bursar.log.',
  );
}

/** What failed, else how far the background audit has come. */
function checkInvariants(present: readonly OwnerPresence[]): BrokerCheck {
  const broken = present.flatMap((one) => one.broken ?? []);
  if (broken.length > 0) {
    const detail = broken.map(({ team, reason }) => `team ${team}: ${reason}`).join('; ');
    return failed(
      'invariants',
      detail,
      'Such a team is frozen. See docs/invariants.md; <data>/bursar.log has the whole report.',
    );
  }
  let [seq, behind, events, settles] = [0, 0, 0, 0];
  for (const { audit } of present) {
    seq += audit?.seq ?? 0;
    behind += Math.max(0, audit?.behind ?? 0);
    events += audit?.events ?? 0;
    settles += audit?.settles.found ?? 0;
  }
  const rest = behind === 0 ? '' : `, ${behind} still to read`;
  const detail = `none failed; audited: ${seq} messages, ${events} events, ${settles} settles${rest}`;
  return passed('invariants', detail);
}
