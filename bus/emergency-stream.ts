import {
  DiscardPolicy,
  headers,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
} from 'nats';
import type { Emergency } from '../events/answers.ts';
import { JSON_TYPE } from './bus.ts';
import { StoreTooSmall } from './errors.ts';

const EMERGENCY_STREAM = 'EMERGENCIES';

/** Emergencies are told for this long to those who were away; the ledger keeps them for ever. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;
const MAX_BYTES = 64 * 1024 * 1024;
const PUBLISH_TIMEOUT_MS = 2_000;
const NO_MESSAGE = 10037;
const STREAM_EXISTS = 10058;
const STORE_TOO_SMALL = 10047;

/** The durable stream of emergencies in JetStream. */
export class JetStreamEmergencies {
  readonly #manager: JetStreamManager;
  readonly #client: JetStreamClient;

  private constructor(manager: JetStreamManager, client: JetStreamClient) {
    this.#manager = manager;
    this.#client = client;
  }

  /** Makes the stream if it is not there. @throws StoreTooSmall */
  static async open(connection: NatsConnection): Promise<JetStreamEmergencies> {
    const manager = await connection.jetstreamManager({ checkAPI: false });
    try {
      await manager.streams.add({
        name: EMERGENCY_STREAM,
        subjects: ['bursar.emergency.>'],
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.Old,
        max_age: nanos(KEPT_MS),
        max_bytes: MAX_BYTES,
        duplicate_window: nanos(120_000),
        allow_direct: true,
        deny_delete: true,
        deny_purge: true,
      });
    } catch (error) {
      const code = error instanceof NatsError ? error.api_error?.err_code : undefined;
      if (code === STORE_TOO_SMALL) throw new StoreTooSmall(EMERGENCY_STREAM, MAX_BYTES, error);
      if (code !== STREAM_EXISTS) throw error;
    }
    return new JetStreamEmergencies(manager, connection.jetstream());
  }

  /** Stores an emergency under its id. @throws when the broker does not confirm it */
  async publish(emergency: Emergency): Promise<void> {
    // JSON: whoever subscribes by hand, on the worst day, reads it as it is.
    const type = headers();
    type.set('Content-Type', JSON_TYPE);
    await this.#client.publish(emergency.subject, JSON.stringify(emergency), {
      msgID: emergency.id,
      timeout: PUBLISH_TIMEOUT_MS,
      headers: type,
    });
  }

  /** Where the newest stored emergency of a team stands in its shard's log. */
  async lastOf(
    team: string,
  ): Promise<{ readonly seq: number; readonly index: number } | undefined> {
    try {
      const message = await this.#manager.streams.getMessage(EMERGENCY_STREAM, {
        last_by_subj: `bursar.emergency.${team}.>`,
      });
      const [, seq, index] = message.header.get('Nats-Msg-Id').split('-').map(Number);
      if (seq === undefined || index === undefined) return undefined;
      return { seq, index };
    } catch (error) {
      if (error instanceof NatsError && error.api_error?.err_code === NO_MESSAGE) return undefined;
      throw error;
    }
  }
}
