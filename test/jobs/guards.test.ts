import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openWorkplace } from '../../src/jobs/open-workplace.ts';
import { keepSchedules } from '../../src/jobs/schedules.ts';
import { loadConfig } from '../../src/runtime/config.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { makeGuardKnowledge } from '../../src/sources/guard-knowledge.ts';
import { startRemoteLists } from '../sources/remote-lists.ts';
import { OWNER, until, workbench } from './workbench.ts';

test('guard lists are fetched by a schedule where the settings ask for one; all workers go by one copy, and so do commands beside them', async (t) => {
  const remote = await startRemoteLists();
  t.after(() => remote.close());
  remote.serve('/ours.txt', '11.0.0.0/24\n');
  const source = `{ url: "${remote.url}/ours.txt?key=s3cret", kind: cidr, severity: refuse }`;
  const settings = (guards: string) => `owner: ${OWNER}\nguards: { ${guards}, lists: [${source}] }\n`;
  const bench = await workbench(t, { files: { 'settings.yaml': settings('update: { every: 1d }') } });
  const { requests, clock, ctia } = bench.work;
  const { feedsDir } = bench;

  const worker = await bench.startWorkProcess();
  // Another machine: it may ask nobody, and has fetched nothing.
  const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
  t.after(() => rmSync(elsewhere, { recursive: true, force: true }));
  const config = loadConfig({
    ...{ env: { FEEDS_DIR: feedsDir, DATA_DIR: elsewhere }, flags: {}, cwd: elsewhere },
    log: { level: 'silent', pretty: false },
  });
  const other = await openWorkplace({
    ...{ clock, ctia, feedsDir, log: silentLog, releases: bench.releases, connection: bench.redis.connection },
    ...{ owner: OWNER, ownEmbedded: true, guardKnowledge: makeGuardKnowledge(config), dataDir: elsewhere },
  });
  await until('the schedule has fetched it', async () => (await other.guardKnowledge()).fetched.length === 1);
  const known = await other.guardKnowledge();
  assert.deepEqual([known.fetched[0]?.size, known.fetched[0]?.title], [1, `${remote.url}/ours.txt`]);

  // What the worker's own machine knows without asking anybody.
  const home = makeGuardKnowledge({ ...config, dataDir: bench.folder });
  await until('it is brought home', async () => (await home()).fetched.length === 1);

  const { result } = await bench.run('guards');
  assert.deepEqual(
    result.pulls.map(({ did, size }: { did: string; size: number }) => [did, size]),
    [['same', 1]],
  );
  assert.equal(remote.asked.length, 2, 'by hand it does not wait for its time');
  assert.equal(await other.guardKnowledge(), known, 'what is as it was is read once');
  remote.serve('/ours.txt', '<html>');
  assert.match((await bench.run('guards')).result.pulls[0].message, /a web page came/);
  assert.equal((await other.guardKnowledge()).fetched[0]?.size, 1, 'the last good copy stays');
  assert.match(worker.stdout + worker.stderr, /guard list http\S+\/ours\.txt: a web page came/);
  assert.doesNotMatch(worker.stdout + worker.stderr + JSON.stringify(result), /s3cret/);

  const ids = async () => (await requests.getJobSchedulers()).map(({ key }) => key);
  assert((await ids()).includes('schedule-guards'));
  const upserted = async () => (await keepSchedules(other)).stop();
  bench.write('settings.yaml', 'owner: [\n');
  await upserted();
  assert((await ids()).includes('schedule-guards'), 'settings that cannot be read change no schedule');
  bench.write('settings.yaml', settings('documentation: refuse'));
  await upserted();
  assert(!(await ids()).includes('schedule-guards'), 'nobody asks for it');
});
