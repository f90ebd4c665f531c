import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Used } from './server-process.ts';

export interface BenchServer {
  readonly url: string;
  used(): Promise<Used>;
  close(): Promise<void>;
}

/** The two sides of a measurement must not share one event loop. */
export async function forkServer(dataDir: string): Promise<BenchServer> {
  const child = fork(new URL('./server-process.js', import.meta.url), [dataDir], {
    execArgv: process.env.BENCH_SERVER_ARGS?.split(' ') ?? [],
  });
  const exited = once(child, 'exit');
  const answer = async (): Promise<unknown> => {
    const [message] = await Promise.race([
      once(child, 'message'),
      exited.then(() => Promise.reject(new Error('the server ended'))),
    ]);
    return message;
  };
  const url = String(await answer());
  return {
    url,
    used() {
      child.send('used');
      return answer() as Promise<Used>;
    },
    async close() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
