import { startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { steppedClock } from './fixture.ts';

/** A server for tests that kill it: the data folder is its one argument, its URL its one line. */
const server = await startEmbeddedCtia({
  dataDir: process.argv[2] ?? '',
  host: '127.0.0.1',
  port: 0,
  client: { id: 'client-1', password: 'secret' },
  clock: steppedClock(),
  log: silentLog,
});
process.stdout.write(`${server.url}\n`);
