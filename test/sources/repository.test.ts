import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { standingOf } from '../../src/sources/git.ts';
import { currentTree, FetchError, fetchRepository } from '../../src/sources/repository.ts';
import { gitRepository } from './git-repository.ts';

function folders(t: TestContext) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'repository-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const remote = gitRepository(join(folder, 'remote'));
  const home = join(folder, 'home');
  const from = (branch?: string) => fetchRepository(home, { url: remote.path, branch });
  const list = () => readFileSync(join(currentTree(home), 'feeds/tor.yaml'), 'utf8');
  return { folder, remote, home, from, list };
}

test('what was pushed is the current tree after a fetch; who resolved the link before goes on reading the commit before', async (t) => {
  const { remote, home, from, list } = folders(t);
  const first = remote.commit({ 'feeds/tor.yaml': 'action: block # one\n' });
  assert.deepEqual(await from(), { commit: first, before: undefined });
  assert.match(list(), /one/);
  const reading = realpathSync(currentTree(home));

  const second = remote.commit({ 'feeds/tor.yaml': 'action: block # two\n' });
  assert.deepEqual(await from(), { commit: second, before: first });
  assert.match(list(), /two/);
  assert.match(readFileSync(join(reading, 'feeds/tor.yaml'), 'utf8'), /one/);

  const third = remote.commit({ 'feeds/tor.yaml': 'action: block # three\n' });
  await from();
  assert.deepEqual(readdirSync(home).sort(), ['current', 'repository.git', second, third].sort());
});

test('a fetch with nothing new changes nothing', async (t) => {
  const { remote, from } = folders(t);
  const commit = remote.commit({ 'feeds/tor.yaml': 'action: block\n' });
  await from();
  assert.deepEqual(await from(), { commit, before: commit });
});

test('several processes fetch into one folder at the same time: all end with the latest commit', async (t) => {
  const { remote, home, from, list } = folders(t);
  for (let round = 1; round <= 4; round++) {
    const commit = remote.commit({ 'feeds/tor.yaml': `action: block # ${round}\n` });
    const fetched = await Promise.all(Array.from({ length: 5 }, () => from()));
    assert.deepEqual([...new Set(fetched.map((it) => it.commit))], [commit]);
    assert.match(list(), new RegExp(`# ${round}`));
    assert.equal(existsSync(join(home, commit)), true);
  }
});

test('the branch that is asked for, and the default one of the remote where none is', async (t) => {
  const { remote, from, list } = folders(t);
  remote.commit({ 'feeds/tor.yaml': 'action: block # main\n' });
  remote.git('checkout', '--quiet', '-b', 'staging');
  remote.commit({ 'feeds/tor.yaml': 'action: block # staging\n' });
  remote.git('checkout', '--quiet', 'main');
  await from('staging');
  assert.match(list(), /staging/);
  await from();
  assert.match(list(), /main/);
  await assert.rejects(from('gone'), (error: Error) => error instanceof FetchError && /gone/.test(error.message));
  assert.match(list(), /main/);
});

test('several at once, also of several processes, end with one tree', async (t) => {
  const { remote, home, from, list } = folders(t);
  remote.commit({ 'feeds/tor.yaml': 'action: block # one\n' });
  const results = await Promise.allSettled([from(), from(), from()]);
  assert.ok(results.some(({ status }) => status === 'fulfilled'));
  await from();
  assert.match(list(), /one/);
  assert.deepEqual(
    readdirSync(home).filter((name) => name.startsWith('draft-')),
    [],
  );
});

test('a tree that somebody removed is checked out again', async (t) => {
  const { remote, home, from, list } = folders(t);
  const commit = remote.commit({ 'feeds/tor.yaml': 'action: block # one\n' });
  await from();
  rmSync(join(home, commit), { recursive: true });
  await from();
  assert.match(list(), /one/);
});

test('T42 rewritten history is fetched, and stands apart from what it was', async (t) => {
  const { remote, home, from } = folders(t);
  const root = remote.commit({ 'feeds/tor.yaml': 'action: block # root\n' });
  const before = remote.commit({ 'feeds/tor.yaml': 'action: block # before\n' });
  await from();
  remote.git('reset', '--quiet', '--hard', root);
  const after = remote.commit({ 'feeds/tor.yaml': 'action: block # after\n' });
  await from();
  const standing = (commit: string, other: string) => standingOf(currentTree(home), commit, other);
  assert.equal(await standing(after, before), 'apart');
  assert.equal(await standing(after, root), 'newer');
  assert.equal(await standing(root, after), 'older');
  assert.equal(await standing(after, after), 'same');
  assert.equal(await standing(after, '0'.repeat(40)), 'unknown');
});

test('T42 of a shallow checkout the commits before its edge are unknown, and a shallow repository is refused', async (t) => {
  const { folder, remote } = folders(t);
  const first = remote.commit({ 'feeds/tor.yaml': 'action: block # one\n' });
  const second = remote.commit({ 'feeds/tor.yaml': 'action: block # two\n' });
  const shallow = join(folder, 'shallow');
  execFileSync('git', ['clone', '--quiet', '--depth=1', `file://${remote.path}`, shallow]);
  assert.equal(await standingOf(shallow, second, first), 'unknown');
  await assert.rejects(fetchRepository(join(folder, 'other'), { url: shallow, branch: undefined }), /shallow/);
});

test('an unreachable repository, one that is none, and one that needs a password are errors that tell no credential', async (t) => {
  const { folder, remote, from, list } = folders(t);
  remote.commit({ 'feeds/tor.yaml': 'action: block # one\n' });
  await from();
  for (const url of [join(folder, 'nowhere'), folder, 'https://user:hunter2-hunter2@127.0.0.1:1/lists.git']) {
    await assert.rejects(fetchRepository(join(folder, 'new'), { url, branch: undefined }), (error: Error) => {
      assert.ok(error instanceof FetchError);
      assert.match(error.message, /cannot be fetched: ./);
      assert.ok(!error.message.includes('hunter2'), error.message);
      return true;
    });
  }
  assert.equal(existsSync(join(folder, 'new', 'repository.git')), false);
  assert.match(list(), /one/);
});

test('another repository that cannot be fetched is not stood in for by the one before; another password is no other repository', async (t) => {
  const { folder, remote, home, list } = folders(t);
  remote.commit({ 'feeds/tor.yaml': 'action: block # one\n' });
  await fetchRepository(home, { url: `file://${remote.path}`, branch: undefined });
  execFileSync('git', [
    '-C',
    join(home, 'repository.git'),
    'remote',
    'set-url',
    'origin',
    'https://a:one@127.0.0.1:1/x',
  ]);
  await assert.rejects(fetchRepository(home, { url: 'https://b:two@127.0.0.1:1/x', branch: undefined }), FetchError);
  assert.match(list(), /one/);
  const url = join(folder, 'nowhere');
  const says =
    /nowhere cannot be fetched: .*; what was fetched before is of https:\/\/127\.0\.0\.1:1\/x and does not stand in for it/;
  await assert.rejects(fetchRepository(home, { url, branch: undefined }), says);
  assert.equal(existsSync(currentTree(home)), false);
  await fetchRepository(home, { url: remote.path, branch: undefined });
  assert.match(list(), /one/);
});
