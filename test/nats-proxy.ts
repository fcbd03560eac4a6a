import net from 'node:net';

/** What becomes of a published message on its way to the server. */
export type Verdict = 'pass' | 'drop' | 'hold' | 'dropAck' | 'cutAfter';

/** A TCP proxy before a nats-server that can lose single messages: real bytes, real time-outs. */
export interface NatsProxy {
  readonly url: string;
  /** Asked for each message published to `ledger.>`; set it to choose the next fault. */
  judge: (subject: string) => Verdict;
  /** While true nothing passes in either direction, and connections stay open. */
  isBlocked: boolean;
  /** Breaks all connections. */
  cut(): void;
  close(): Promise<void>;
}

/** Starts a proxy before the server at `targetUrl`. */
export async function startNatsProxy(targetUrl: string): Promise<NatsProxy> {
  const target = new URL(targetUrl);
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    relay(proxy, client, upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const proxy: NatsProxy = {
    url: `nats://127.0.0.1:${port}`,
    judge: () => 'pass',
    isBlocked: false,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      proxy.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

function relay(proxy: NatsProxy, client: net.Socket, upstream: net.Socket): void {
  const lostReplies = new Set<string>();
  const cuttingReplies = new Set<string>();
  let held: Buffer | undefined;
  onFrames(client, (frame, [verb, subject = '', ...more]) => {
    if (proxy.isBlocked) return;
    if (verb !== 'HPUB' || !subject.startsWith('ledger.')) {
      upstream.write(frame);
      return;
    }
    const verdict = proxy.judge(subject);
    if (verdict === 'drop') return;
    if (verdict === 'hold') {
      held = frame;
      return;
    }
    if (verdict === 'dropAck') lostReplies.add(more[0] ?? '');
    if (verdict === 'cutAfter') cuttingReplies.add(more[0] ?? '');
    if (held !== undefined) upstream.write(held);
    held = undefined;
    upstream.write(frame);
  });
  onFrames(upstream, (frame, [verb, subject = '']) => {
    if (proxy.isBlocked) return;
    const isMessage = verb === 'MSG' || verb === 'HMSG';
    if (isMessage && lostReplies.delete(subject)) return;
    if (isMessage && cuttingReplies.delete(subject)) client.destroy();
    else client.write(frame);
  });
}

const SIZED: ReadonlySet<string> = new Set(['PUB', 'HPUB', 'MSG', 'HMSG']);

/** Calls `take` for each whole protocol line, together with the payload that belongs to it. */
function onFrames(socket: net.Socket, take: (frame: Buffer, words: string[]) => void): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const lineEnd = pending.indexOf('\r\n');
      if (lineEnd === -1) return;
      const words = pending.subarray(0, lineEnd).toString('latin1').split(' ');
      const payloadSize = SIZED.has(words[0] ?? '') ? Number(words.at(-1)) + 2 : 0;
      const frameEnd = lineEnd + 2 + payloadSize;
      if (pending.length < frameEnd) return;
      take(pending.subarray(0, frameEnd), words);
      pending = pending.subarray(frameEnd);
    }
  });
}
