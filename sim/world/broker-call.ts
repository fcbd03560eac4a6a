import type { CallOff } from '../../host/host.ts';
import type { SimBroker } from './broker.ts';
import type { Connection } from './connection.ts';
import type { SimProcess } from './process.ts';
import type { StepKind } from './steps.ts';

/**
 * What a call brought.
 * - `away`: the connection was known to be broken, nothing was sent
 * - `broken`: it broke while the answer was due
 * - `silence`: no answer in time
 */
export type CallEnd<Reply> =
  | { readonly kind: 'answer'; readonly reply: Reply }
  | { readonly kind: 'away' }
  | { readonly kind: 'broken' }
  | { readonly kind: 'silence' };

export interface Call<Reply> {
  readonly step: StepKind;
  readonly timeoutMs: number;
  /** What happens at the broker; what it throws is the process's to catch. */
  readonly atBroker: () => Reply;
  /** How long the way there and the work there take beyond the usual, ms; infinite: it is lost. */
  readonly thereMs: number;
  /** The same for the answer. */
  readonly backMs: number;
}

/** Asks the broker itself, over one connection: the log, the stream of emergencies. */
export class BrokerCalls {
  readonly #process: SimProcess;
  readonly #due = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  readonly #connection: Connection;

  /** A connection of its own, made at the first use. */
  static onDemand(process: SimProcess, broker: SimBroker): () => BrokerCalls {
    let calls: BrokerCalls | undefined;
    return () => {
      calls ??= new BrokerCalls(process, broker);
      return calls;
    };
  }

  constructor(process: SimProcess, broker: SimBroker) {
    this.#process = process;
    this.#connection = broker.connect(process, {
      onDown: () => {
        for (const breakOff of [...this.#due]) breakOff();
      },
      onUp: () => {
        for (const goOn of [...this.#waiting]) goOn();
      },
    });
  }

  /** Whether a call made now would be sent. */
  get isUp(): boolean {
    return this.#connection.isUp;
  }

  /** Resolves when calls can be sent, after `withinMs`, or when the signal is aborted. */
  async untilUp(withinMs: number, signal: AbortSignal): Promise<void> {
    if (this.isUp || signal.aborted) return;
    const end = new AbortController();
    const goOn = () => end.abort();
    this.#waiting.add(goOn);
    signal.addEventListener('abort', goOn);
    await this.#process.host.pause(withinMs, end.signal);
    this.#waiting.delete(goOn);
    signal.removeEventListener('abort', goOn);
  }

  call<Reply>(call: Call<Reply>): Promise<CallEnd<Reply>> {
    return new Promise((resolve, reject) => {
      this.#process.step(call.step, () => {
        const connection = this.#connection;
        if (!connection.isUp) {
          resolve({ kind: 'away' });
          return;
        }
        const end = (result: CallEnd<Reply>) => {
          endTimer();
          this.#due.delete(breakOff);
          resolve(result);
        };
        const breakOff = () => end({ kind: 'broken' });
        const endTimer: CallOff = this.#process.host.after(call.timeoutMs, () =>
          end({ kind: 'silence' }),
        );
        this.#due.add(breakOff);
        send(connection, call, (reply) => end({ kind: 'answer', reply }), reject);
      });
    });
  }
}

function send<Reply>(
  connection: Connection,
  { thereMs, backMs, atBroker }: Call<Reply>,
  resolve: (reply: Reply) => void,
  reject: (error: unknown) => void,
): void {
  if (thereMs === Number.POSITIVE_INFINITY) return;
  connection.sendApart('up', thereMs, () => {
    const answer = outcomeOf(atBroker, resolve, reject);
    if (backMs !== Number.POSITIVE_INFINITY) connection.sendApart('down', backMs, answer);
  });
}

/** Works now, tells later. */
function outcomeOf<Reply>(
  atBroker: () => Reply,
  resolve: (reply: Reply) => void,
  reject: (error: unknown) => void,
): () => void {
  try {
    const reply = atBroker();
    return () => resolve(reply);
  } catch (error) {
    return () => reject(error);
  }
}
