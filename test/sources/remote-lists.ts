import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RemoteLists {
  readonly url: string;
  /** Paths of all requests so far, with the headers they came with. */
  readonly asked: { path: string; headers: IncomingMessage['headers'] }[];
  /** What a path answers from now on: a text, or as the function likes. */
  serve(path: string, answer: string | ((request: IncomingMessage, response: ServerResponse) => void)): void;
  close(): Promise<void>;
}

/** A server of lists on loopback, as the world's: it answers whatever the test says. */
export async function startRemoteLists(): Promise<RemoteLists> {
  const answers = new Map<string, string | ((request: IncomingMessage, response: ServerResponse) => void)>();
  const asked: RemoteLists['asked'] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push({ path, headers: request.headers });
    const answer = answers.get(path.split('?', 1)[0] ?? '');
    if (answer === undefined) response.writeHead(404).end('404 page not found\n');
    else if (typeof answer === 'function') answer(request, response);
    else response.writeHead(200, { 'content-type': 'text/plain' }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    serve: (path, answer) => answers.set(path, answer),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
