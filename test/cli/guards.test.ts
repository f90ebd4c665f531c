import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRemoteLists } from '../sources/remote-lists.ts';
import { checkEnded, folderWith, run } from './ctim-feeds-process.ts';
import { runHere } from './in-this-process.ts';

const LIST = 'action: block\nobservables: [11.0.0.1]\n';

test('guards test explains in words and ends with 1 where something is refused', async (t) => {
  const folder = folderWith(t, { 'feeds/list.yaml': LIST, 'feeds/settings.yaml': 'protect: [corp.icu]\n' });
  const values = ['8.8.8.8:53', '172.66.0.227', '11.0.0.1', 'www.corp.icu', 'amp.cisco.com'];
  const { stdout } = checkEnded(await runHere(folder, ['guards', 'test', ...values, '--json']), 1);
  const answers = JSON.parse(stdout) as {
    value: string;
    outcome: string;
    findings: { code: string; weight: string }[];
  }[];
  assert.deepEqual(
    answers.map(({ value, outcome, findings: [first] }) => `${value} ${outcome} ${first?.weight} ${first?.code}`),
    [
      '8.8.8.8:53 refused refuse guard-resolver',
      '172.66.0.227 published with a notice warn guard-content-network',
      '11.0.0.1 let through undefined undefined',
      'www.corp.icu refused never guard-protected',
      'amp.cisco.com refused never guard-configured',
    ],
  );
  const words = checkEnded(await run(t, folder, ['guards', 'test', '172.66.0.227']), 0).stdout;
  assert.match(
    words,
    /^172\.66\.0\.227: published with a notice \(ip 172\.66\.0\.227\)\n {2}guard-content-network warns: it lies in/,
  );
});

test('guards update fetches what the settings name, guards shows its age, and check goes by it', async (t) => {
  const remote = await startRemoteLists();
  t.after(() => remote.close());
  remote.serve('/ours.txt', '# ours\n11.0.0.0/24\n');
  const settings = `guards: { lists: [{ url: "${remote.url}/ours.txt?key=s3cret", kind: cidr, severity: refuse }] }\n`;
  const folder = folderWith(t, { 'feeds/list.yaml': LIST, 'feeds/settings.yaml': settings });
  const env = { UPSTREAM_PRIVATE_HOSTS: '127.0.0.1' };
  checkEnded(await runHere(folder, ['check']), 0);
  const refused = checkEnded(await runHere(folder, ['guards', 'update']), 4).stdout;
  assert.match(refused, /kept +0 +.*no public address/);
  const fetched = checkEnded(await runHere(folder, ['guards', 'update'], env), 0).stdout;
  assert.match(fetched, /\/ours\.txt +changed +1/);
  const { stdout } = checkEnded(await runHere(folder, ['guards']), 0);
  assert.match(stdout, /\/ours\.txt +cidr +refuse +1 +0 +0 min ago/);
  assert.match(stdout, /public resolvers +\d+ +2026-11 +https:/);
  assert.doesNotMatch(stdout + fetched + refused, /s3cret/);
  assert.match(
    checkEnded(await runHere(folder, ['check']), 1).stdout,
    /error guard-fetched "11\.0\.0\.1" is refused: it overlaps/,
  );
});
