import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readFeedsAt } from '../../src/sources/feeds-at.ts';
import { openWriteBack } from '../../src/sources/write-back.ts';
import { type GitRepository, gitRepository } from './git-repository.ts';

const TOR = 'action: block\nobservables: [11.0.0.1]\n';
const FILE = { below: 'adhoc/block-11.0.0.7.yaml', text: 'action: block\nobservables: [11.0.0.7]\n' };

function repository(t: TestContext): GitRepository {
  const folder = mkdtempSync(join(tmpdir(), 'write-back-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return gitRepository(join(folder, 'lists'));
}

const open = ({ path }: GitRepository, branch: string, author?: string) =>
  openWriteBack({ feedsDir: join(path, 'feeds'), branch, author: author ?? 'Ann <ann@example.org>', fetched: false });

test('a commit on a branch, while somebody works in the checkout: files, index, branch and hooks are as they were', async (t) => {
  const lists = repository(t);
  const base = lists.commit({ 'feeds/tor.yaml': TOR });
  writeFileSync(join(lists.path, 'feeds', 'tor.yaml'), 'half written');
  writeFileSync(join(lists.path, 'feeds', 'staged.yaml'), 'staged');
  lists.git('add', 'feeds/staged.yaml');
  for (const hook of ['pre-commit', 'commit-msg', 'post-commit', 'reference-transaction'])
    writeFileSync(join(lists.path, '.git', 'hooks', hook), `#!/bin/sh\ntouch "${lists.path}/.git/${hook}-ran"\n`, {
      mode: 0o755,
    });
  const before = [lists.git('status', '--porcelain'), readFileSync(join(lists.path, '.git', 'index')).toString('hex')];
  const { commit, branch, pushed } = await (await open(lists, 'adhoc/x')).commit(FILE, 'Block it\n\nINC-1\n');
  const after = [lists.git('status', '--porcelain'), readFileSync(join(lists.path, '.git', 'index')).toString('hex')];
  assert.deepEqual(after, before);
  assert.deepEqual(
    [branch, pushed, lists.git('rev-parse', 'adhoc/x', 'HEAD')],
    ['adhoc/x', false, `${commit}\n${base}`],
  );
  assert.equal(lists.git('diff', '--name-status', base, commit), 'A\tfeeds/adhoc/block-11.0.0.7.yaml');
  assert.equal(lists.git('log', '-1', '--format=%an <%ae> %cn: %s', commit), 'Ann <ann@example.org> Ann: Block it');
  assert.equal(lists.git('show', 'adhoc/x:feeds/tor.yaml'), TOR.trim());
  for (const hook of ['pre-commit', 'commit-msg', 'post-commit'])
    assert.throws(() => readFileSync(join(lists.path, '.git', `${hook}-ran`)), hook);

  const next = await (await open(lists, 'adhoc/x')).commit({ ...FILE, below: 'adhoc/y.yaml' }, 'And that');
  assert.equal(lists.git('rev-parse', `${next.commit}^`), commit, 'a second one stands on the first');
});

test('what hinders it is said before anything is done', async (t) => {
  const lists = repository(t);
  lists.commit({ 'feeds/tor.yaml': TOR });
  await assert.rejects(open(lists, 'main'), /^WriteBackError: main is checked out, .*--branch$/);
  for (const branch of ['a..b', '-f', 'a b', ''])
    await assert.rejects(open(lists, branch), /is no branch name/, branch);
  await assert.rejects(open(lists, 'x', 'Ann'), /--author is not of the form "Name <mail>"/);
  await assert.rejects(
    openWriteBack({ feedsDir: tmpdir(), branch: 'x', author: undefined, fetched: false }),
    /is in no git checkout: .*leave out --commit/,
  );
});

test('lists at a commit: as they were, with their text files, and the checkout is not touched', async (t) => {
  const lists = repository(t);
  const first = lists.commit({
    'feeds/tor.yaml': 'action: block\nentries_from: [a.txt]\n',
    'feeds/a.txt': '11.0.0.1\n',
  });
  lists.commit({ 'feeds/tor.yaml': null, 'feeds/a.txt': null, 'feeds/other.yaml': TOR });
  const feeds = join(lists.path, 'feeds');
  const options = { now: Date.parse('2026-11-25T00:00:00Z') };
  const at = await readFeedsAt(feeds, first.slice(0, 10), options);
  assert('reading' in at, JSON.stringify(at));
  assert.equal(at.commit, first);
  assert.deepEqual(
    at.reading.entries.map(({ observable, position }) => `${observable.value} ${position.file}:${position.line}`),
    ['11.0.0.1 feeds/a.txt:1'],
  );
  assert.equal(lists.git('status', '--porcelain'), '');
  for (const [name, why] of [
    ['HEAD', /no commit/],
    ['--help', /no commit/],
    ['abcdef012345', /not in this checkout/],
  ] as const) {
    const none = await readFeedsAt(feeds, name, options);
    assert('unreadable' in none);
    assert.match(none.unreadable, why);
  }
});
