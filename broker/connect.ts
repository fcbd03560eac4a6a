import { connect, type NatsConnection, NatsError, nkeyAuthenticator } from 'nats';
import { AuthRefused, ServerUnreachable } from './errors.ts';
import { checkServerVersion } from './server-version.ts';

/**
 * Connects one user of the broker. The connection reconnects for ever; who must fail fast while it
 * is away watches `status()`, because publishes made then are dropped by the client.
 *
 * @param url such as `nats://127.0.0.1:4333`
 * @param user `owner`, `projector`, `auditor`, `operator`, `sys` or the name of an agent; its
 *   inbox prefix is `_INBOX_<user>`, the only one that the server lets it use
 * @param seed the user's NATS seed, `SU…`
 * @param name of the connection, as the server lists it
 * @throws ServerUnreachable, AuthRefused, ServerTooOld
 */
export async function connectAs(
  url: string,
  user: string,
  seed: string,
  name: string,
): Promise<NatsConnection> {
  const connection = await open(url, user, seed, name);
  try {
    checkServerVersion(connection.info?.version ?? 'unknown');
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function open(url: string, user: string, seed: string, name: string) {
  try {
    return await connect({
      servers: url,
      name,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
      inboxPrefix: `_INBOX_${user}`,
      timeout: 5_000,
      reconnectTimeWait: 100,
      maxReconnectAttempts: -1,
      pingInterval: 5_000,
      maxPingOut: 2,
      // The library would make a stack trace for each request, in case it fails; ours name the
      // subject instead.
      noAsyncTraces: true,
    });
  } catch (cause) {
    const isRefused = cause instanceof NatsError && REFUSALS.has(cause.code);
    if (isRefused) throw new AuthRefused(url, user, cause);
    throw new ServerUnreachable(url, cause);
  }
}

const REFUSALS: ReadonlySet<string> = new Set([
  'AUTHORIZATION_VIOLATION',
  'AUTHENTICATION_EXPIRED',
  'AUTHENTICATION_TIMEOUT',
  'ACCOUNT_EXPIRED',
]);
