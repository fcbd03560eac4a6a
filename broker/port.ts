import { createServer } from 'node:net';
import { PortInUse } from './errors.ts';

/** Brokers of ours listen nowhere else. */
export const BROKER_HOST = '127.0.0.1';

/**
 * A port that is free now: the given one, or any when 0 is given.
 *
 * @throws PortInUse when the given one is taken
 */
export async function freePort(port: number): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'EADDRINUSE' ? new PortInUse(port, cause) : cause);
    });
    probe.listen({ port, host: BROKER_HOST, exclusive: true }, () => {
      const address = probe.address();
      const chosen = typeof address === 'object' && address !== null ? address.port : port;
      probe.close(() => resolve(chosen));
    });
  });
}
