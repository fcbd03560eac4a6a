import {
  DiscardPolicy,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
} from 'nats';
import { LedgerError, LogRegressedError } from './ledger-errors.ts';
import { toLedgerError } from './ledger-jetstream-error.ts';
import { logNames } from './log-names.ts';
import { LOG_FORMAT_VERSION } from './log-schema.ts';

export interface StreamSettings {
  /** How many shards there are: fixed for ever at the first start. */
  readonly shards: number;
  /** 1 at first; one more each time the log was archived and begun anew. */
  readonly generation: number;
  /** Size at which this shard's stream is full. All streams together must fit into the store. */
  readonly maxBytes: number;
  /** 1 on a single server, 3 on a cluster. */
  readonly replicas: number;
}

/** How the streams of a single server are at its first start. `maxBytes`: of each of them. */
export function firstStreamSettings(shards: number, maxBytes: number): StreamSettings {
  return { shards, maxBytes, generation: 1, replicas: 1 };
}

/** There is a stream of that name, but not one that a ledger could rest on. */
export class StreamConfigError extends LedgerError {
  override readonly name = 'StreamConfigError';
  readonly code = 'stream_config';
  readonly retryable = false;
  /** The differing field, such as `metadata.shards`. */
  readonly field: string;

  constructor(stream: string, field: string, wanted: unknown, found: unknown) {
    super(
      `stream ${stream}: ${field} is ${JSON.stringify(found)}, must be ${JSON.stringify(wanted)}; ` +
        'start with the settings that the stream was made with, or use another data folder',
    );
    this.field = field;
  }
}

/**
 * Creates the shard's stream, or makes sure that the one that is there is what it must be.
 *
 * @param connection of a user who may create streams and read their state
 * @param witnessedSeq highest sequence that anybody outside the stream saw in it: witness file,
 *   checkpoint, snapshot; 0 if nobody saw any. A stream that was seen is never made anew: its teams
 *   would meet an empty ledger, a second full budget.
 * @throws LogRegressedError when the stream is gone; StreamConfigError, LedgerUnavailableError,
 *   LedgerRefusedError
 */
export async function ensureStream(
  connection: NatsConnection,
  shard: number,
  settings: StreamSettings,
  witnessedSeq: number,
): Promise<void> {
  const wanted = streamConfig(shard, settings);
  try {
    const manager = await connection.jetstreamManager({ checkAPI: false });
    const found = await existingConfig(manager, wanted.name);
    if (found === undefined && witnessedSeq > 0) {
      throw new LogRegressedError(shard, `its stream is gone, a witness saw ${witnessedSeq}`);
    }
    checkSame(wanted.name, wanted, found ?? (await create(manager, wanted)));
  } catch (error) {
    throw toLedgerError(shard, error);
  }
}

/** Fields of nats-server 2.12 and newer that the client has no types for yet. */
type WholeConfig = Partial<StreamConfig> & {
  readonly name: string;
  readonly allow_msg_ttl?: boolean;
  readonly allow_atomic?: boolean;
  readonly persist_mode?: string;
};

function streamConfig(shard: number, settings: StreamSettings): WholeConfig {
  return {
    name: logNames.stream(shard),
    subjects: [logNames.subject(shard, 'epoch'), logNames.subject(shard, 'block')],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    num_replicas: settings.replicas,
    max_bytes: settings.maxBytes,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    max_age: 0,
    max_msg_size: 1024 * 1024,
    duplicate_window: nanos(120_000),
    deny_delete: true,
    deny_purge: true,
    allow_direct: true,
    allow_rollup_hdrs: false,
    // One flipped bit in a compressed file and a crash: nats-server 2.15.1 deletes the whole stream
    // at its next start. Without compression it loses the messages of one file.
    compression: StoreCompression.None,
    republish: { src: `ledger.${shard}.>`, dest: logNames.live(shard) },
    metadata: {
      generation: String(settings.generation),
      schema: String(LOG_FORMAT_VERSION),
      shards: String(settings.shards),
    },
  };
}

const STREAM_NOT_FOUND = 10059;

async function existingConfig(
  manager: JetStreamManager,
  name: string,
): Promise<WholeConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    const isMissing = error instanceof NatsError && error.api_error?.err_code === STREAM_NOT_FOUND;
    if (isMissing) return undefined;
    throw error;
  }
}

async function create(manager: JetStreamManager, wanted: WholeConfig): Promise<WholeConfig> {
  return (await manager.streams.add(wanted as StreamConfig)).config;
}

/** Fields that would undo what the ledger relies on; a stream has them not at all or switched off. */
const MUST_BE_OFF = ['allow_msg_ttl', 'allow_atomic', 'sealed', 'no_ack'] as const;

function checkSame(stream: string, wanted: WholeConfig, found: WholeConfig): void {
  for (const [field, value] of Object.entries(wanted)) {
    const there = (found as Record<string, unknown>)[field];
    if (field === 'metadata') checkMetadata(stream, wanted.metadata ?? {}, there);
    else if (!isSame(value, there)) throw new StreamConfigError(stream, field, value, there);
  }
  for (const field of MUST_BE_OFF) {
    if (found[field] === true) throw new StreamConfigError(stream, field, false, true);
  }
  if (found.persist_mode !== undefined && found.persist_mode !== 'default') {
    throw new StreamConfigError(stream, 'persist_mode', 'default', found.persist_mode);
  }
  if (found.mirror !== undefined || (found.sources?.length ?? 0) > 0) {
    throw new StreamConfigError(stream, 'mirror or sources', 'none', 'some');
  }
}

/** The server adds entries of its own. */
function checkMetadata(stream: string, wanted: object, found: unknown): void {
  for (const [key, value] of Object.entries(wanted)) {
    const there = (found as Record<string, unknown> | undefined)?.[key];
    if (there !== value) throw new StreamConfigError(stream, `metadata.${key}`, value, there);
  }
}

function isSame(wanted: unknown, found: unknown): boolean {
  if (wanted === false && found === undefined) return true;
  if (Array.isArray(wanted) && Array.isArray(found)) {
    return JSON.stringify([...wanted].sort()) === JSON.stringify([...found].sort());
  }
  if (
    typeof wanted === 'object' &&
    wanted !== null &&
    typeof found === 'object' &&
    found !== null
  ) {
    return Object.entries(wanted).every(([key, value]) =>
      isSame(value, (found as Record<string, unknown>)[key]),
    );
  }
  return wanted === found;
}
