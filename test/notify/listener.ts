import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Who is told: a server on loopback that keeps what came, and answers as it is told to. */
export interface Listener {
  readonly url: string;
  readonly heard: Record<string, unknown>[];
  /** For the next messages, until another is set. */
  answer: { status: number; headers?: Record<string, string> };
  close(): Promise<void>;
}

export async function startListener(): Promise<Listener> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { status, headers = {} } = listener.answer;
    if (status < 300) listener.heard.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(status, headers).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const listener: Listener = {
    url: `http://127.0.0.1:${port}/hook/s3cret`,
    heard: [],
    answer: { status: 200 },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return listener;
}
