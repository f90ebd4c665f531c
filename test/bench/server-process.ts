import { startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';

/** An embedded server in a process of its own, its data folder the one argument. It ends with whoever forked it. */
const server = await startEmbeddedCtia({
  dataDir: process.argv[2] ?? '',
  host: '127.0.0.1',
  port: 0,
  client: { id: 'client-1', password: 'secret' },
  clock: systemClock,
  log: silentLog,
});

/** What it has cost and been asked so far. */
export interface Used {
  readonly cpuMs: number;
  readonly peakMiB: number;
  readonly requests: number;
  readonly mutating: number;
}

process.on('message', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const { total: requests, mutating } = server.requests;
  process.send?.({ cpuMs: (userCPUTime + systemCPUTime) / 1000, peakMiB: maxRSS / 1024, requests, mutating });
});
process.on('disconnect', async () => {
  await server.close();
  process.exit();
});
process.send?.(server.url);
