import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { originOfLine, pullRequestIn } from '../../src/sources/blame.ts';
import { gitRepository } from './git-repository.ts';

const folder = mkdtempSync(join(tmpdir(), 'blame-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('pull requests are found in messages as the hosts write them', () => {
  for (const [message, found] of [
    ['Block exits (#123)\n\nlong', '#123'],
    ['Merge pull request #124 from acme/exits', '#124'],
    ["Merge branch 'exits' into 'main'\n\nBlock exits\n\nSee merge request acme/lists!45", '!45'],
    ['Merged in exits (pull request #9)', '#9'],
    ['Block exits\n\nfixes #7', undefined],
  ] as const)
    assert.equal(pullRequestIn(message), found, message);
});

test('a line tells commit, author, date and pull request; of a merged branch the merge tells it, of a pushed commit none', async () => {
  const { git, commit, path } = gitRepository(join(folder, 'lists'));
  const feeds = join(path, 'feeds');
  const first = commit({ 'feeds/tor.yaml': 'one\n' }, 'pushed');
  git('checkout', '--quiet', '-b', 'exits');
  const second = commit({ 'feeds/tor.yaml': 'one\ntwo\n' }, 'Block exits');
  git('checkout', '--quiet', 'main');
  git('merge', '--quiet', '--no-ff', '-m', 'Merge pull request #124 from acme/exits', 'exits');
  const third = commit({ 'feeds/tor.yaml': 'one\ntwo\nthree\n' }, 'Squashed (#125)');
  const origin = (line: number, at?: string) => originOfLine(feeds, { file: 'feeds/tor.yaml', line, commit: at });
  const [one, two, three] = [await origin(1), await origin(2), await origin(3)];
  assert(typeof one === 'object' && typeof two === 'object' && typeof three === 'object');
  assert.deepEqual([one.commit, one.author, one.subject, one.pullRequest], [first, 'a', 'pushed', undefined]);
  assert.match(one.at, /^20\d\d-\d\d-\d\dT/);
  assert.deepEqual([two.commit, two.pullRequest], [second, '#124']);
  assert.deepEqual([three.commit, three.pullRequest], [third, '#125']);
  writeFileSync(join(feeds, 'tor.yaml'), 'one\ntwo\nthree\nfour\n');
  assert.equal(await origin(4), 'not-committed');
  writeFileSync(join(feeds, 'new.yaml'), 'one\n');
  assert.equal(await originOfLine(feeds, { file: 'feeds/new.yaml', line: 1 }), 'not-committed');
  assert.equal(await origin(9), undefined);
  assert.equal(await origin(3, first), undefined, 'that commit had no such line');
  assert.equal(await originOfLine(folder, { file: 'feeds/tor.yaml', line: 1 }), undefined, 'no repository');
});
