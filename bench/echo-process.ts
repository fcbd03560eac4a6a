import type { NatsConnection } from 'nats';
import { connectAs } from '../broker/connect.ts';
import { serveParent } from '../host/child.ts';

/** The far side of the raw echo: the nats library and nothing of Bursar's. */
let connection: NatsConnection | undefined;

export interface EchoParams {
  readonly url: string;
  readonly ownerSeed: string;
  readonly subject: string;
}

serveParent(
  {
    async start({ url, ownerSeed, subject }: EchoParams) {
      connection = await connectAs(url, 'owner', ownerSeed, 'bursar bench echo');
      connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) message.respond(message.data);
        },
      });
      await connection.flush();
    },
  },
  async () => connection?.close(),
);
