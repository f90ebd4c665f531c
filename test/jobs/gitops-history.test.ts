import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path, { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { publishedIn, readingOf } from '../lists/reading-of.ts';
import { gitRepository } from '../sources/git-repository.ts';
import { OWNER, workbench } from './workbench.ts';

/** A list as it was at one commit after another; each step must make just the difference. */
async function replay(t: TestContext, versions: readonly (readonly string[])[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'history-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const remote = gitRepository(join(folder, 'lists'));
  remote.commit({ 'feeds/settings.yaml': `owner: ${OWNER}\n`, 'feeds/list.yaml': LIST });
  const bench = await workbench(t, { remote: remote.path });
  bench.startWorkers();
  let before = new Set<string>();
  for (const [n, lines] of versions.entries()) {
    const sound = await withoutErrors(lines);
    const now = new Set(publishedIn(await readingOf({ 'list.yaml': LIST, 'list.txt': sound })));
    remote.commit({ 'feeds/list.txt': sound }, `version ${n}`);
    const { result, failed } = await bench.run('sync');
    assert.equal(result?.result, 'verified', failed ?? JSON.stringify(result));
    const { create, revive, withdraw, link, change, renew, unlink } = result.counts;
    const made = { enters: create + revive, leaves: withdraw, other: link + change + renew + unlink };
    assert.deepEqual(made, { enters: without(now, before), leaves: without(before, now), other: 0 }, `version ${n}`);
    const view = (await bench.view('domain')).split('\n').map((value) => `domain ${value}`);
    assert.deepEqual(view.sort(), [...now].sort(), `version ${n}`);
    before = now;
  }
}

const LIST = 'action: block\nentries_from: [list.txt]\n';

function without(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  return [...a].filter((value) => !b.has(value)).length;
}

/** People commit what we refuse: it is taken out here, as a check on their pull request would have made them do. */
async function withoutErrors(lines: readonly string[]): Promise<string> {
  const { problems } = await readingOf({ 'list.yaml': LIST, 'list.txt': lines.join('\n') });
  const refused = new Set(problems.filter(({ severity }) => severity === 'error').map(({ line }) => line));
  return lines.filter((_, n) => !refused.has(n + 1)).join('\n');
}

test('replay: each commit makes the additions and removals between it and the one before, and nothing else', (t) =>
  replay(t, [
    ['paypal-login.icu', 'parcels-help.icu'],
    ['# a comment above moves every line', 'paypal-login.icu', 'parcels-help.icu', 'wallet-web.icu'],
    ['wallet-web.icu', 'Parcels-Help.icu', 'paypal-login.icu'],
    ['wallet-web.icu', 'wallet-web.icu', 'mint-now.icu', 'co.uk'],
    ['wallet-web.icu', 'mint-now.icu', 'paypal-login.icu'],
    ['mint-now.icu'],
  ]));

const HISTORY = path.resolve('..', 'shared', 'data', 'yaml', 'gitops-history');
const needsData = existsSync(HISTORY) ? {} : { skip: 'needs ../shared/data' };

test('replay: fifteen commits of a real list', needsData, (t) =>
  replay(
    t,
    readdirSync(HISTORY)
      .sort()
      .map((file) => readFileSync(join(HISTORY, file), 'utf8'))
      .map((text) => [...text.matchAll(/^\s*- url: (\S+)/gm)].map(([, value = '']) => value)),
  ),
);
