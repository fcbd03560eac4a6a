import {
  type Bus,
  type BusStatus,
  type Message,
  MSGPACK,
  type RequestOptions,
  type Subscription,
} from '../../bus/bus.ts';
import {
  BusClosed,
  type BusError,
  BusTimeout,
  Disconnected,
  MessageTooLarge,
  NoResponders,
  PermissionDenied,
} from '../../bus/errors.ts';
import type { CallOff } from '../../host/host.ts';
import type { SimBroker } from './broker.ts';
import type { SimProcess } from './process.ts';
import type { Client, Session, WireMessage } from './session.ts';

/** `max_payload` of nats.conf, bytes. */
const MESSAGE_BYTES_MAX = 1_048_576;

/** A request whose answer is due. */
interface Due {
  readonly subject: string;
  readonly resolve: (message: Message) => void;
  readonly reject: (error: BusError) => void;
  readonly endTimer: CallOff;
}

interface Heard {
  readonly subject: string;
  readonly queue: string | undefined;
  readonly handler: (message: Message) => void;
}

/** One connection of a simulated process, with the semantics of bus/nats-bus.ts. */
export class SimBus implements Bus {
  readonly #process: SimProcess;
  readonly #broker: SimBroker;
  readonly #session: Session;
  readonly #inboxDot: string;
  readonly #due = new Map<string, Due>();
  readonly #heard = new Map<number, Heard>();
  readonly #pings = new Set<(error?: BusError) => void>();
  readonly #statusHandlers = new Set<(status: BusStatus) => void>();
  #requestCount = 0;
  #subscriptionCount = 0;
  #isConnected: boolean;
  #isClosed = false;

  /** @param connectionName unique in the world */
  constructor(process: SimProcess, broker: SimBroker, user: string, connectionName: string) {
    this.#process = process;
    this.#broker = broker;
    this.#inboxDot = `_INBOX_${user}.${connectionName}.`;
    this.#session = broker.open(process, user, this.#client());
    this.#isConnected = this.#session.connection.isUp;
    this.#hear(`${this.#inboxDot}*`, undefined, (message) => this.#onAnswer(message));
  }

  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.#process.step('bus request', () => {
        this.#assertOpen();
        const token = (this.#requestCount++).toString(36);
        this.#send(subject, data, options.contentType, this.#inboxDot + token);
        const endTimer = this.#process.host.after(options.timeoutMs, () => {
          this.#due.delete(token);
          reject(new BusTimeout(subject, options.timeoutMs));
        });
        this.#due.set(token, { subject, resolve, reject, endTimer });
      });
    });
  }

  publish(subject: string, data: Uint8Array, contentType?: string): void {
    this.#process.step('bus publish', () => {
      this.#assertOpen();
      this.#send(subject, data, contentType, undefined);
    });
  }

  subscribe(
    subject: string,
    handler: (message: Message) => void,
    { queue }: { readonly queue?: string } = {},
  ): Subscription {
    if (this.#isClosed) throw new BusClosed();
    let id = -1;
    this.#process.step('bus subscribe', () => {
      id = this.#hear(subject, queue, handler);
    });
    return {
      unsubscribe: () => {
        if (!this.#heard.has(id)) return;
        this.#process.step('bus unsubscribe', () => {
          this.#heard.delete(id);
          this.#unsubscribe(id);
        });
      },
      drain: () => this.#drain(id),
    };
  }

  onStatus(handler: (status: BusStatus) => void): () => void {
    this.#statusHandlers.add(handler);
    return () => this.#statusHandlers.delete(handler);
  }

  isConnected(): boolean {
    return this.#isConnected;
  }

  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#process.step('bus flush', () => {
        this.#assertOpen();
        const end = (error?: BusError) => {
          this.#pings.delete(end);
          if (error === undefined) resolve();
          else reject(error);
        };
        this.#pings.add(end);
        const { connection } = this.#session;
        connection.send('up', () => connection.send('down', () => this.#pings.has(end) && end()));
      });
    });
  }

  async close(): Promise<void> {
    if (this.#isConnected) await this.flush().catch(() => {});
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isConnected = false;
    this.#heard.clear();
    this.#broker.disconnect(this.#session.connection);
    this.#failAll(() => new BusClosed());
    this.#tell('closed');
  }

  /** What the broker makes happen here; each call is a task of the process. */
  #client(): Client {
    return {
      onMessage: (id, message) =>
        this.#heard
          .get(id)
          ?.handler(new SimMessage(message, (...answer) => this.#answer(...answer))),
      onNobody: (reply) => {
        const due = this.#takeDue(reply.slice(this.#inboxDot.length));
        due?.reject(new NoResponders(due.subject));
      },
      onDenied: (operation, subject) => this.#onDenied(operation, subject),
      onDown: () => {
        if (this.#isClosed) return;
        this.#isConnected = false;
        this.#failAll(() => new Disconnected());
        this.#tell('disconnected');
      },
      onUp: () => {
        if (this.#isClosed) return;
        for (const [id, heard] of this.#heard) this.#askToHear(id, heard);
        this.#isConnected = true;
        this.#tell('connected');
      },
    };
  }

  #hear(subject: string, queue: string | undefined, handler: Heard['handler']): number {
    const id = this.#subscriptionCount++;
    const heard = { subject, queue, handler };
    this.#heard.set(id, heard);
    if (this.#isConnected) this.#askToHear(id, heard);
    return id;
  }

  #askToHear(id: number, { subject, queue }: Heard): void {
    this.#session.connection.send('up', () => this.#session.subscribe(id, subject, queue));
  }

  #unsubscribe(id: number): void {
    if (!this.#isConnected) return;
    this.#session.connection.send('up', () => this.#session.subscriptions.delete(id));
  }

  async #drain(id: number): Promise<void> {
    if (!this.#heard.has(id)) return;
    this.#process.step('bus unsubscribe', () => this.#unsubscribe(id));
    // Without a connection nothing more is delivered anyway.
    await this.flush().catch(() => {});
    this.#heard.delete(id);
  }

  #assertOpen(): void {
    if (this.#isConnected) return;
    throw this.#isClosed ? new BusClosed() : new Disconnected();
  }

  #send(
    subject: string,
    data: Uint8Array,
    contentType: string | undefined,
    reply: string | undefined,
  ): void {
    if (data.byteLength > MESSAGE_BYTES_MAX) throw new MessageTooLarge(subject, data.byteLength);
    const type = contentType === MSGPACK ? undefined : contentType;
    const message = { subject, data: data.slice(), contentType: type, reply };
    this.#broker.routing.publish(this.#session, message);
  }

  #answer(reply: string, data: Uint8Array, contentType: string | undefined): boolean {
    if (!this.#isConnected) return false;
    this.#process.step('bus respond', () => this.#send(reply, data, contentType, undefined));
    return true;
  }

  #onAnswer(message: Message): void {
    this.#takeDue(message.subject.slice(this.#inboxDot.length))?.resolve(message);
  }

  #onDenied(operation: string, subject: string): void {
    const denied = `${operation} of '${subject}'`;
    for (const [token, due] of this.#due) {
      if (due.subject === subject) this.#takeDue(token)?.reject(new PermissionDenied(denied));
    }
    this.#tell({ denied });
  }

  #takeDue(token: string): Due | undefined {
    const due = this.#due.get(token);
    this.#due.delete(token);
    due?.endTimer();
    return due;
  }

  #failAll(errorOf: () => BusError): void {
    for (const token of [...this.#due.keys()]) this.#takeDue(token)?.reject(errorOf());
    for (const end of [...this.#pings]) end(errorOf());
  }

  #tell(status: BusStatus): void {
    for (const handler of this.#statusHandlers) handler(status);
  }
}

class SimMessage implements Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly contentType: string | undefined;
  readonly reply: string | undefined;
  readonly #answer: (reply: string, data: Uint8Array, contentType: string | undefined) => boolean;

  constructor(
    { subject, data, contentType, reply }: WireMessage,
    answer: (reply: string, data: Uint8Array, contentType: string | undefined) => boolean,
  ) {
    this.subject = subject;
    this.data = data;
    this.contentType = contentType;
    this.reply = reply;
    this.#answer = answer;
  }

  respond(data: Uint8Array, contentType?: string): boolean {
    return this.reply !== undefined && this.#answer(this.reply, data, contentType);
  }
}
