import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, test } from 'node:test';
import { problemLine } from '../../src/ctim/problem.ts';
import { readFeeds } from '../../src/sources/feeds-folder.ts';

const NOW = Date.parse('2026-11-25T12:00:00.000Z');
const LIST = 'action: block\nobservables: [45.66.35.11]\n';
const made: string[] = [];

afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A repository-like folder with the files below it; returns its path. */
function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'ctim-feeds-lists-'));
  made.push(root);
  for (const [below, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, below)), { recursive: true });
    writeFileSync(path.join(root, below), content);
  }
  return root;
}

async function read(root: string, below = 'feeds') {
  const { reading, revision } = await readFeeds(path.join(root, below), { now: NOW });
  return {
    reading,
    revision,
    problems: reading.problems.map(problemLine),
    values: reading.entries.map(({ observable }) => observable.value),
  };
}

function git(root: string, ...args: string[]): string {
  const identity = [
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.invalid',
    '-c',
    'commit.gpgsign=false',
    '-c',
    'init.defaultBranch=main',
  ];
  return execFileSync('git', [...identity, ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

test('lists are found in all folders; settings and dot files are none', async () => {
  const root = folderOf({
    'feeds/a.yaml': LIST,
    'feeds/partners/b.yml': 'action: block\nobservables: [45.66.35.12]\n',
    'feeds/settings.yaml': 'owner: acme\n',
    'feeds/.hidden.yaml': 'nonsense',
    'feeds/.git/x.yaml': 'nonsense',
    'feeds/README.md': '# lists',
  });
  const { reading, problems, values } = await read(root);
  assert.deepEqual(problems, []);
  assert.deepEqual(values, ['45.66.35.11', '45.66.35.12']);
  assert.deepEqual(
    reading.lists.map(({ file, name }) => `${file} ${name}`),
    ['feeds/a.yaml a', 'feeds/partners/b.yml partners/b'],
  );
  assert.equal(reading.settings.owner, 'acme');
});

test('T42 a folder that is missing, empty or no folder is an error, never nothing to do', async () => {
  const root = folderOf({ 'empty/README.md': '', file: '' });
  assert.match((await read(root, 'feeds')).problems.join(), /^feeds:1:1 error no-feeds-folder/);
  assert.match((await read(root, 'file')).problems.join(), /^file:1:1 error no-feeds-folder/);
  assert.match((await read(root, 'empty')).problems.join(), /^empty:1:1 error no-lists/);
});

test('a path that leads out of the folder through a link is refused, whatever is linked', async () => {
  const root = folderOf({
    'feeds/a.yaml': 'action: block\nentries_from: [keys.txt]\n',
    'keys/secret.txt': 'ctr_client_password = hunter2\n',
    'other/l.yaml': LIST,
  });
  symlinkSync('../keys/secret.txt', path.join(root, 'feeds', 'keys.txt'));
  symlinkSync('../other/l.yaml', path.join(root, 'feeds', 'l.yaml'));
  symlinkSync('../other', path.join(root, 'feeds', 'more'));
  symlinkSync('nowhere.yaml', path.join(root, 'feeds', 'z.yaml'));
  const { problems, values } = await read(root);
  assert.deepEqual(
    problems.map((line) => line.split(' ').slice(0, 3).join(' ')),
    [
      'feeds/more:1:1 error linked-folder',
      'feeds/a.yaml:2:16 error path-outside',
      'feeds/l.yaml:1:1 error path-outside',
      'feeds/z.yaml:1:1 error unreadable',
    ],
  );
  assert.ok(!problems.join().includes('hunter2'));
  assert.deepEqual(values, []);
});

test('links inside the folder are followed, and a folder may itself be a link', async () => {
  const root = folderOf({ 'real/..data/a.yaml': LIST });
  symlinkSync('..data/a.yaml', path.join(root, 'real', 'a.yaml'));
  symlinkSync('real', path.join(root, 'feeds'));
  const { problems, values } = await read(root);
  assert.deepEqual(problems, []);
  assert.deepEqual(values, ['45.66.35.11']);
});

test('what is no UTF-8 is told so', async () => {
  const root = folderOf({
    'feeds/a.yaml': Buffer.from('\ufeffaction: block\n', 'utf16le'),
    'feeds/b.yaml': Buffer.concat([Buffer.from('action: block\n# '), Buffer.from([0xe9]), Buffer.from('\n')]),
    'feeds/c.yaml': 'action: block\nentries_from: c.txt\n',
    'feeds/c.txt': Buffer.from([0xff, 0xfe, 0x34, 0x00]),
  });
  assert.deepEqual(
    (await read(root)).problems.map((line) => line.slice(0, 70)),
    [
      'feeds/a.yaml:1:1 error not-text it is UTF-16: save it as UTF-8',
      'feeds/b.yaml:1:1 error not-text it is no UTF-8 (first seen in line 2):',
      'feeds/c.yaml:2:15 error not-text "c.txt": it is UTF-16: save it as UTF',
    ],
  );
});

test('a text file that no list reads is told', async () => {
  const root = folderOf({ 'feeds/a.yaml': LIST, 'feeds/forgotten.txt': '45.66.35.12\n' });
  assert.match((await read(root)).problems.join(), /^feeds\/forgotten\.txt:1:1 notice unused-file/);
});

test('without git the digest of the tree is the revision, the same for the same tree', async () => {
  const files = { 'feeds/a.yaml': 'action: block\nentries_from: a.txt\n', 'feeds/a.txt': '45.66.35.11\n' };
  const one = await read(folderOf(files));
  const two = await read(folderOf(files));
  const other = await read(folderOf({ ...files, 'feeds/a.txt': '45.66.35.12\n' }));
  assert.equal(one.revision.label, `tree-${one.revision.digest.slice(0, 12)}`);
  assert.equal(one.revision.digest, two.revision.digest);
  assert.notEqual(one.revision.digest, other.revision.digest);
  assert.equal(one.revision.commit, undefined);
  assert.match(one.revision.repository ?? '', /^file:\/\/\/.*\/feeds$/);
});

test('in a checkout the commit is the revision; a changed, new, ignored or removed list makes it dirty', async () => {
  const root = folderOf({ 'feeds/a.yaml': LIST, 'README.md': '', '.gitignore': 'secret.yaml\n' });
  git(root, 'init');
  git(root, 'add', '.');
  git(root, 'commit', '-m', 'lists');
  const commit = git(root, 'rev-parse', 'HEAD');
  git(root, 'remote', 'add', 'origin', 'https://bot:t0ken@git.partner.com/soc/lists.git?x=t0ken');
  const clean = (await read(root)).revision;
  assert.deepEqual([clean.label, clean.commit, clean.dirty], [commit, commit, false]);
  assert.equal(clean.repository, 'https://git.partner.com/soc/lists.git');

  writeFileSync(path.join(root, 'README.md'), 'changed outside of the feeds folder');
  assert.equal((await read(root)).revision.label, commit);

  writeFileSync(path.join(root, 'feeds', 'secret.yaml'), 'action: block\nobservables: [45.66.35.12]\n');
  const ignored = (await read(root)).revision;
  assert.deepEqual([ignored.label, ignored.dirty], [`${commit}+dirty-${ignored.digest.slice(0, 12)}`, true]);
  rmSync(path.join(root, 'feeds', 'secret.yaml'));

  writeFileSync(path.join(root, 'feeds', 'a.yaml'), LIST.replace('35.11', '35.13'));
  assert.equal((await read(root)).revision.dirty, true);
  writeFileSync(path.join(root, 'feeds', 'a.yaml'), LIST);
  assert.equal((await read(root)).revision.dirty, false);
  writeFileSync(path.join(root, 'feeds', 'new.yaml'), 'action: block\n');
  assert.equal((await read(root)).revision.dirty, true);
  rmSync(path.join(root, 'feeds', 'new.yaml'));
  // A list that is gone is read by nobody, and the commit holds it still.
  rmSync(path.join(root, 'feeds', 'a.yaml'));
  assert.equal((await read(root)).revision.dirty, true);
});

test('a partial checkout is clean to git, and names the lists and settings that it leaves out', async () => {
  const root = folderOf({
    'feeds/a.yaml': LIST,
    'feeds/team/b.yaml': LIST,
    'feeds/settings.yaml': '',
    'feeds/x.md': '',
  });
  git(root, 'init');
  git(root, 'add', '.');
  git(root, 'commit', '-m', 'lists');
  assert.equal('leftOut' in (await read(root)).revision, false);
  git(root, 'sparse-checkout', 'set', '--no-cone', '/feeds/a.yaml');
  const { dirty, leftOut } = (await read(root)).revision;
  assert.deepEqual([dirty, leftOut], [false, ['feeds/settings.yaml', 'feeds/team/b.yaml']]);
  git(root, 'sparse-checkout', 'disable');
  assert.equal('leftOut' in (await read(root)).revision, false);
});

test('a repository without a commit is a tree', async () => {
  const root = folderOf({ 'feeds/a.yaml': LIST });
  git(root, 'init');
  assert.match((await read(root)).revision.label, /^tree-/);
});

test('the shipped examples have no error, no notice, and every type', async () => {
  const { reading, problems } = await read(process.cwd());
  assert.deepEqual(problems, []);
  assert.ok(reading.lists.every(({ example }) => example));
  assert.ok(
    reading.entries.every(({ terms: { lifetime } }) => lifetime.kind === 'once' || lifetime.ms >= 28 * 24 * 3_600_000),
  );
  assert.deepEqual([...new Set(reading.entries.map(({ observable }) => observable.type))].sort(), [
    'domain',
    'ip',
    'ipv6',
    'sha256',
    'url',
  ]);
});
