import { SubjectPattern } from '../../bus/subject-match.ts';
import type { Connection, ConnectionEnd } from './connection.ts';
import { type Permissions, permissionsOf } from './permissions.ts';

/** A message as it goes over the wire. Its bytes are its own. */
export interface WireMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly contentType: string | undefined;
  readonly reply: string | undefined;
}

/** What the broker tells the process's end of a session. */
export interface Client extends ConnectionEnd {
  onMessage(subscription: number, message: WireMessage): void;
  /** Nobody listens for what wanted its answer at `reply`. */
  onNobody(reply: string): void;
  onDenied(operation: 'publish' | 'subscription', subject: string): void;
}

/** A connection of a user, as the broker sees it: who it is, what it may, what it hears. */
export class Session {
  readonly connection: Connection;
  readonly user: string;
  readonly client: Client;
  readonly subscriptions = new Map<
    number,
    { readonly pattern: SubjectPattern; readonly queue: string | undefined }
  >();
  readonly #permissions: Permissions;

  constructor(connection: Connection, user: string, team: string, client: Client) {
    this.connection = connection;
    this.user = user;
    this.client = client;
    this.#permissions = permissionsOf(user, team);
  }

  mayPublish(subject: string): boolean {
    const { publish, mayReply } = this.#permissions;
    if (mayReply && subject.startsWith('_INBOX_')) return true;
    const tokens = subject.split('.');
    return publish.some((allowed) => allowed.matches(tokens));
  }

  /** Takes a subscription, or refuses it. */
  subscribe(id: number, subject: string, queue: string | undefined): void {
    if (this.#permissions.subscribe.some((allowed) => allowed.covers(subject))) {
      this.subscriptions.set(id, { pattern: new SubjectPattern(subject), queue });
    } else {
      this.connection.send('down', () => this.client.onDenied('subscription', subject));
    }
  }
}
