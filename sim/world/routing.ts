import { shardOf } from '../../events/shard-of.ts';
import type { Chance } from './chance.ts';
import type { Connection } from './connection.ts';
import type { Scheduler } from './scheduler.ts';
import type { Session, WireMessage } from './session.ts';
import { Transcript, type TranscriptReply } from './transcript.ts';

/** A message on its way to whoever listens. */
interface Routed {
  readonly sent: WireMessage;
  /** With the subject on which it is heard. */
  readonly heard: WireMessage;
  /** Told of each arrival. */
  readonly onArrival: (at: Session) => void;
}

/** Who hears what; maps requests to shards as nats.conf does, and writes down what was said. */
export class Routing {
  readonly transcript = new Transcript();
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #shards: number;
  readonly #sessions = new Set<Session>();

  constructor(scheduler: Scheduler, chance: Chance, shards: number) {
    this.#scheduler = scheduler;
    this.#chance = chance.fork('routing');
    this.#shards = shards;
  }

  add(session: Session): void {
    this.#sessions.add(session);
  }

  /** The connection was closed. */
  remove(connection: Connection): void {
    for (const session of this.#of(connection)) this.#sessions.delete(session);
  }

  /** The connection broke: until it subscribes anew it hears nothing. */
  deafen(connection: Connection): void {
    for (const session of this.#of(connection)) session.subscriptions.clear();
  }

  /** Takes a message from a client; it leaves now. */
  publish(session: Session, message: WireMessage): void {
    const routed = this.#requestOf(session, message) ??
      this.#replyOf(session, message) ?? { sent: message, heard: message, onArrival: () => {} };
    session.connection.sendMessage('up', () => this.#route(session, routed));
  }

  /** Publishes on behalf of a stream, to whoever listens. */
  tell(message: WireMessage): void {
    this.#deliver({ sent: message, heard: message, onArrival: () => {} });
  }

  #requestOf(session: Session, message: WireMessage): Routed | undefined {
    const tokens = message.subject.split('.');
    const [, kind, agent = '', team = '', op = ''] = tokens;
    const isRequest = tokens.length === 5 && kind === 'req' && session.mayPublish(message.subject);
    if (!isRequest) return undefined;
    const { contentType, data: bytes, reply } = message;
    const sentAtMs = this.#scheduler.nowMs;
    const from = session.connection.process.name;
    const sent = { sentAtMs, from, agent, team, op, contentType, bytes };
    const entry = this.transcript.sent(sent, reply);
    const shard = shardOf(team, this.#shards);
    const subject = `bursar.shard.${shard}.req.${agent}.${team}.${op}`;
    return {
      sent: message,
      heard: { ...message, subject },
      onArrival: ({ connection }) => {
        const atMs = this.#scheduler.nowMs;
        entry.arrivals.push({ atMs, process: connection.process.name, shard });
      },
    };
  }

  #replyOf(session: Session, message: WireMessage): Routed | undefined {
    const entry = this.transcript.of(message.subject);
    if (entry === undefined) return undefined;
    const reply: TranscriptReply = {
      repliedAtMs: this.#scheduler.nowMs,
      process: session.connection.process.name,
      shard: shardOf(entry.team, this.#shards),
      contentType: message.contentType,
      bytes: message.data,
      arrivedAtMs: undefined,
    };
    entry.replies.push(reply);
    return {
      sent: message,
      heard: message,
      onArrival: () => {
        reply.arrivedAtMs ??= this.#scheduler.nowMs;
      },
    };
  }

  #route(session: Session, routed: Routed): void {
    const { connection, client } = session;
    const { subject, reply } = routed.sent;
    if (!session.mayPublish(subject)) {
      connection.send('down', () => client.onDenied('publish', subject));
      return;
    }
    const isHeard = this.#deliver(routed);
    if (!isHeard && reply !== undefined) connection.send('down', () => client.onNobody(reply));
  }

  /** @returns whether anybody listens */
  #deliver(routed: Routed): boolean {
    const tokens = routed.heard.subject.split('.');
    const queues = new Map<string, [Session, number][]>();
    let isHeard = false;
    for (const session of this.#sessions) {
      for (const [id, { pattern, queue }] of session.subscriptions) {
        if (!pattern.matches(tokens)) continue;
        isHeard = true;
        if (queue === undefined) this.#sendDown(session, id, routed);
        else queues.set(queue, [...(queues.get(queue) ?? []), [session, id]]);
      }
    }
    for (const members of queues.values()) {
      const [session, id] = this.#chance.pick(members);
      this.#sendDown(session, id, routed);
    }
    return isHeard;
  }

  #sendDown(session: Session, id: number, { heard, onArrival }: Routed): void {
    session.connection.sendMessage('down', () => {
      onArrival(session);
      session.client.onMessage(id, { ...heard, data: heard.data.slice() });
    });
  }

  #of(connection: Connection): Session[] {
    return [...this.#sessions].filter((session) => session.connection === connection);
  }
}
