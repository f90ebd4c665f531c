import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type GitRepository, gitRepository } from '../sources/git-repository.ts';
import { OWNER, until, type Workbench, workbench } from './workbench.ts';

const SETTINGS = { 'feeds/settings.yaml': `owner: ${OWNER}\n` };
const blocking = (...addresses: string[]) => ({
  'feeds/tor.yaml': `action: block\nobservables: [${addresses.join(', ')}]\n`,
});

/** Lists in a repository that the workers fetch themselves. */
async function fetching(t: TestContext): Promise<{ remote: GitRepository; bench: Workbench }> {
  const folder = mkdtempSync(join(tmpdir(), 'lists-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const remote = gitRepository(join(folder, 'lists'));
  const bench = await workbench(t, { remote: remote.path });
  bench.startWorkers();
  return { remote, bench };
}

test('a fetch asks for a sync of what was pushed, once; git revert is the rollback', async (t) => {
  const { remote, bench } = await fetching(t);
  const first = remote.commit({ ...SETTINGS, ...blocking('11.0.0.1', '11.0.0.2') });
  const fetched = await bench.run('fetch');
  assert.equal(fetched.result?.commit, first, fetched.failed);
  await until('the first commit is applied', async () => (await bench.run('fetch')).result?.sync === null);
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2');

  remote.commit(blocking('11.0.0.2', '11.0.0.3'), 'a mistake');
  const mistake = await bench.run('sync');
  assert.equal(mistake.result?.result, 'verified', mistake.failed);
  assert.equal(await bench.view('ip'), '11.0.0.2\n11.0.0.3');

  remote.git('revert', '--no-edit', 'HEAD');
  const back = await bench.run('sync');
  assert.equal(back.result?.result, 'verified', back.failed);
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2');
});

test('a job names its commit: a worker that has not got it fetches it, one that has a later one goes on, another is refused', async (t) => {
  const { remote, bench } = await fetching(t);
  const first = remote.commit({ ...SETTINGS, ...blocking('11.0.0.1') });
  assert.equal((await bench.run('sync')).result?.revision, first);

  const second = remote.commit(blocking('11.0.0.2'));
  assert.equal((await bench.run('sync', { revision: second })).result?.revision, second);
  assert.equal(await bench.view('ip'), '11.0.0.2');
  assert.equal((await bench.run('sync', { revision: first })).result?.revision, second);
  assert.equal(await bench.view('ip'), '11.0.0.2');

  const { failed } = await bench.run('sync', { revision: '0'.repeat(40) });
  assert.match(failed ?? '', /refused: this worker holds [0-9a-f]{40} of the lists, the job asks for 0{40}/);
});

test('rewritten history is held and changes nothing, until a person says so', async (t) => {
  const { remote, bench } = await fetching(t);
  const root = remote.commit({ ...SETTINGS, ...blocking('11.0.0.1') });
  remote.commit(blocking('11.0.0.1', '11.0.0.2'));
  await bench.run('sync');
  remote.git('reset', '--quiet', '--hard', root);
  remote.commit(blocking('11.0.0.1', '11.0.0.9'));

  const { result } = await bench.run('sync');
  assert.equal(result.result, 'held');
  assert.deepEqual(
    result.held.map(({ rule }: { rule: string }) => rule),
    ['other-history'],
  );
  assert.match(result.held[0].message, /history that was rewritten; if the plan is right, --force or --digest/);
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2');

  assert.equal((await bench.run('sync', { digest: result.digest })).result?.result, 'verified');
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.9');
});

test('a folder that vanished from the repository stops everything but renewals', async (t) => {
  const { remote, bench } = await fetching(t);
  remote.commit({ ...SETTINGS, ...blocking('11.0.0.1') });
  await bench.run('sync');
  remote.git('mv', 'feeds', 'lists');
  remote.commit({}, 'moved by mistake');
  const { result, failed } = await bench.run('sync');
  assert.equal(result?.result, 'problems', failed);
  assert.equal(await bench.view('ip'), '11.0.0.1');
  assert.equal((await bench.run('renew')).result?.result, 'renewed');
});

test('a repository that cannot be reached stops nothing: what was fetched last is applied, and the report says so', async (t) => {
  const { remote, bench } = await fetching(t);
  remote.commit({ ...SETTINGS, ...blocking('11.0.0.1') });
  await bench.run('sync');
  renameSync(remote.path, `${remote.path}-away`);
  const { result } = await bench.run('sync');
  assert.equal(result.result, 'verified');
  assert.match(result.notices.join('\n'), /cannot be fetched: .*going by what was fetched last/);
  const { failed } = await bench.add('fetch', { v: 1 });
  assert.match(failed ?? '', /cannot be fetched/);
});
