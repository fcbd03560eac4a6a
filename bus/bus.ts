/** What travels in a message without a content type, or with this one. */
export const MSGPACK = 'application/msgpack';
/** The other form that is understood; answers come back in the form of the request. */
export const JSON_TYPE = 'application/json';

/** A message as it arrived. Valid also after the handler has returned. */
export interface Message {
  readonly subject: string;
  /** A view of the connection's buffer: do not write to it, copy it to keep it for long. */
  readonly data: Uint8Array;
  /** Value of the `Content-Type` header; undefined means {@link MSGPACK}. */
  readonly contentType: string | undefined;
  /** Where the answer goes; undefined when none is wanted. */
  readonly reply: string | undefined;
  /**
   * Answers the message. `data` belongs to the bus from then on.
   * @returns false when no answer is wanted, or none can leave now (the connection is away).
   * @throws MessageTooLarge
   */
  respond(data: Uint8Array, contentType?: string): boolean;
}

/** Ends the delivery to one handler; a second call does nothing. */
export interface Subscription {
  /** At once: what the broker has sent already is dropped. */
  unsubscribe(): void;
  /** Resolves when all that the broker had sent before it heard of the end has been delivered. */
  drain(): Promise<void>;
}

/** What happens to a connection. `denied`: what the broker's permissions refused, in words. */
export type BusStatus = 'connected' | 'disconnected' | 'closed' | { readonly denied: string };

export interface RequestOptions {
  /** Longest wait for the answer. */
  readonly timeoutMs: number;
  /** Of `data`; default {@link MSGPACK}. */
  readonly contentType?: string;
}

/**
 * Messages between agents and writers, at most once: what writer and client know of the broker.
 *
 * Nothing is kept for later. While the connection is away every call fails at once, and requests
 * whose answer was still due fail when it goes; whether they were carried out is then unknown.
 */
export interface Bus {
  /**
   * Sends and waits for one answer. `data` belongs to the bus from then on.
   * @throws NoResponders, BusTimeout, Disconnected, PermissionDenied, MessageTooLarge, BusClosed
   */
  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Message>;
  /**
   * Sends without an answer. A denial is only seen as a {@link BusStatus}.
   * @throws Disconnected, MessageTooLarge, BusClosed
   */
  publish(subject: string, data: Uint8Array, contentType?: string): void;
  /**
   * Delivers what arrives on `subject`, across reconnections. An error thrown by the handler is
   * not the connection's: it is thrown again outside of it, as of any event listener.
   * @throws BusClosed
   */
  subscribe(
    subject: string,
    handler: (message: Message) => void,
    options?: { readonly queue?: string },
  ): Subscription;
  /** Tells what happens from now on. @returns a function that ends it */
  onStatus(handler: (status: BusStatus) => void): () => void;
  isConnected(): boolean;
  /**
   * Waits until the broker has read everything sent before, subscriptions too.
   * @throws Disconnected, BusClosed
   */
  flush(): Promise<void>;
  /** Lets out what was sent, then closes. Safe to call twice. */
  close(): Promise<void>;
}
