import Database from 'libsql';
import { startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { SIGNING_KEY, steppedClock } from './fixture.ts';

/**
 * A server for tests that kill it: the data folder is its first argument, its URL its one line. With a second argument it
 * kills itself before that statement writes, which mostly is in the middle of a transaction: from outside that moment is
 * hardly ever met.
 */
const [, , dataDir = '', lastStatement] = process.argv;
if (lastStatement !== undefined) {
  let left = Number(lastStatement);
  const database = Database.prototype as unknown as { prepare(sql: string): { run(...params: unknown[]): unknown } };
  const { prepare } = database;
  database.prepare = function (sql) {
    const statement = prepare.call(this, sql);
    const run = statement.run.bind(statement);
    statement.run = (...params) => {
      left -= 1;
      if (left === 0) process.kill(process.pid, 'SIGKILL');
      return run(...params);
    };
    return statement;
  };
}

const server = await startEmbeddedCtia({
  dataDir,
  host: '127.0.0.1',
  port: 0,
  client: { id: 'client-1', password: 'secret' },
  clock: steppedClock(),
  log: silentLog,
  signingKey: SIGNING_KEY,
});
process.stdout.write(`${server.url}\n`);
