import {
  createInbox,
  ErrorCode,
  Events,
  headers,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  NatsError,
  type PublishOptions,
} from 'nats';
import { connectAs } from '../broker/connect.ts';
import { AuthRefused, ServerUnreachable } from '../broker/errors.ts';
import { userKeyOf } from '../broker/user-keys.ts';
import type { Bus, BusStatus, Message, RequestOptions, Subscription } from './bus.ts';
import { JSON_TYPE, MSGPACK } from './bus.ts';
import {
  BusClosed,
  type BusError,
  BusTimeout,
  Disconnected,
  KeyRefused,
  MessageTooLarge,
  NoResponders,
  PermissionDenied,
  Unreachable,
} from './errors.ts';

const CONTENT_TYPE = 'Content-Type';
const NO_RESPONDERS = 503;

/**
 * Connects a user of the broker as a {@link Bus}. Once it stands it reconnects by itself, for ever.
 *
 * @param user its inbox is `_INBOX_<user>`, the only one that the broker lets it use
 * @param seed the user's NATS seed, `SU…`
 * @param name of the connection, as the server lists it
 * @throws Unreachable, KeyRefused, or ServerTooOld of broker/errors.ts
 */
export async function connectBus(
  url: string,
  user: string,
  seed: string,
  name: string,
): Promise<Bus> {
  try {
    userKeyOf(seed);
  } catch (cause) {
    throw new KeyRefused(user, cause);
  }
  try {
    return new NatsBus(await connectAs(url, user, seed, name), `_INBOX_${user}`);
  } catch (cause) {
    if (cause instanceof AuthRefused) throw new KeyRefused(user, cause);
    if (cause instanceof ServerUnreachable) throw new Unreachable(url, cause);
    throw cause;
  }
}

/** A request whose answer is due. */
interface Due {
  readonly subject: string;
  readonly resolve: (message: Message) => void;
  readonly reject: (error: BusError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The {@link Bus} over one connection of the nats library.
 *
 * Requests are matched to answers here, by one subscription on a random inbox: the library's own
 * way makes several errors and promises for each request, and leaves them to time out when the
 * connection goes.
 */
export class NatsBus implements Bus {
  readonly #connection: NatsConnection;
  readonly #inboxDot: string;
  readonly #due = new Map<string, Due>();
  readonly #statusHandlers = new Set<(status: BusStatus) => void>();
  #requestCount = 0;
  #isConnected = true;
  #isClosed = false;

  constructor(connection: NatsConnection, inboxPrefix: string) {
    this.#connection = connection;
    this.#inboxDot = `${createInbox(inboxPrefix)}.`;
    connection.subscribe(`${this.#inboxDot}*`, {
      callback: (error, msg) => {
        if (error === null) this.#onAnswer(msg);
      },
    });
    void this.#watch();
    void connection.closed().then((error) => this.#onClosed(error ?? undefined));
  }

  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.#assertOpen();
      const token = (this.#requestCount++).toString(36);
      const reply = this.#inboxDot + token;
      this.#send(subject, data, { reply, ...headersOf(options.contentType) });
      const timer = setTimeout(() => {
        this.#due.delete(token);
        reject(new BusTimeout(subject, options.timeoutMs));
      }, options.timeoutMs);
      this.#due.set(token, { subject, resolve, reject, timer });
    });
  }

  publish(subject: string, data: Uint8Array, contentType?: string): void {
    this.#assertOpen();
    this.#send(subject, data, headersOf(contentType));
  }

  subscribe(
    subject: string,
    handler: (message: Message) => void,
    options: { readonly queue?: string } = {},
  ): Subscription {
    if (this.#isClosed) throw new BusClosed();
    const subscription = this.#connection.subscribe(subject, {
      ...options,
      callback: (error, msg) => {
        if (error !== null) return;
        try {
          handler(new NatsMessage(msg, this));
        } catch (thrown) {
          // The library would take it for a broken connection and stop reading for good.
          queueMicrotask(() => {
            throw thrown;
          });
        }
      },
    });
    return {
      unsubscribe: () => {
        if (!subscription.isClosed()) subscription.unsubscribe();
      },
      drain: async () => {
        // Without a connection nothing more is delivered anyway.
        if (!subscription.isClosed()) await subscription.drain().catch(() => {});
      },
    };
  }

  onStatus(handler: (status: BusStatus) => void): () => void {
    this.#statusHandlers.add(handler);
    return () => this.#statusHandlers.delete(handler);
  }

  isConnected(): boolean {
    return this.#isConnected;
  }

  async flush(): Promise<void> {
    this.#assertOpen();
    try {
      await this.#connection.flush();
    } catch (cause) {
      throw this.#isClosed ? new BusClosed(cause) : new Disconnected(cause);
    }
  }

  async close(): Promise<void> {
    if (this.#isConnected) await this.#connection.flush().catch(() => {});
    await this.#connection.close();
  }

  /** Answers `reply`; false when the connection is away. */
  answer(reply: string, data: Uint8Array, contentType: string | undefined): boolean {
    if (!this.#isConnected) return false;
    this.#send(reply, data, headersOf(contentType));
    return true;
  }

  #assertOpen(): void {
    if (this.#isConnected) return;
    throw this.#isClosed ? new BusClosed() : new Disconnected();
  }

  #send(subject: string, data: Uint8Array, options: PublishOptions | undefined): void {
    try {
      this.#connection.publish(subject, data, options);
    } catch (cause) {
      const code = cause instanceof NatsError ? cause.code : undefined;
      if (code === ErrorCode.MaxPayloadExceeded) {
        throw new MessageTooLarge(subject, data.byteLength, cause);
      }
      if (code === ErrorCode.ConnectionClosed || code === ErrorCode.ConnectionDraining) {
        throw new BusClosed(cause);
      }
      throw cause;
    }
  }

  #onAnswer(msg: Msg): void {
    const token = msg.subject.slice(this.#inboxDot.length);
    const due = this.#due.get(token);
    if (due === undefined) return;
    this.#due.delete(token);
    clearTimeout(due.timer);
    if (msg.data.length === 0 && msg.headers?.code === NO_RESPONDERS) {
      due.reject(new NoResponders(due.subject));
    } else {
      due.resolve(new NatsMessage(msg, this));
    }
  }

  async #watch(): Promise<void> {
    for await (const { type, data, permissionContext } of this.#connection.status()) {
      if (type === Events.Disconnect) {
        this.#isConnected = false;
        this.#failDue(() => new Disconnected());
        this.#tell('disconnected');
      } else if (type === Events.Reconnect) {
        this.#isConnected = true;
        this.#tell('connected');
      } else if (type === Events.Error && data === ErrorCode.PermissionsViolation) {
        this.#onDenied(permissionContext);
      }
    }
  }

  #onDenied(context: { operation: string; subject: string } | undefined): void {
    const denied = `${context?.operation ?? 'use'} of '${context?.subject ?? 'a subject'}'`;
    const isInbox = context?.subject.startsWith(this.#inboxDot) ?? false;
    this.#failDue(
      () => new PermissionDenied(denied),
      (due) => isInbox || due.subject === context?.subject,
    );
    this.#tell({ denied });
  }

  #onClosed(cause: unknown): void {
    this.#isConnected = false;
    this.#isClosed = true;
    this.#failDue(() => new BusClosed(cause));
    this.#tell('closed');
  }

  #failDue(errorOf: () => BusError, isMeant: (due: Due) => boolean = () => true): void {
    for (const [token, due] of this.#due) {
      if (!isMeant(due)) continue;
      this.#due.delete(token);
      clearTimeout(due.timer);
      due.reject(errorOf());
    }
  }

  #tell(status: BusStatus): void {
    for (const handler of this.#statusHandlers) handler(status);
  }
}

class NatsMessage implements Message {
  readonly #msg: Msg;
  readonly #bus: NatsBus;

  constructor(msg: Msg, bus: NatsBus) {
    this.#msg = msg;
    this.#bus = bus;
  }

  get subject(): string {
    return this.#msg.subject;
  }

  get data(): Uint8Array {
    return this.#msg.data;
  }

  get contentType(): string | undefined {
    return this.#msg.headers?.get(CONTENT_TYPE) || undefined;
  }

  get reply(): string | undefined {
    return this.#msg.reply || undefined;
  }

  respond(data: Uint8Array, contentType?: string): boolean {
    const { reply } = this;
    return reply !== undefined && this.#bus.answer(reply, data, contentType);
  }
}

const jsonHeaders = contentTypeHeader(JSON_TYPE);

/** Without a header a message is msgpack, which spares the frequent case its cost. */
function headersOf(contentType: string | undefined): { headers: MsgHdrs } | undefined {
  if (contentType === undefined || contentType === MSGPACK) return undefined;
  return {
    headers: contentType === JSON_TYPE ? jsonHeaders : contentTypeHeader(contentType),
  };
}

function contentTypeHeader(contentType: string): MsgHdrs {
  const made = headers();
  made.set(CONTENT_TYPE, contentType);
  return made;
}
