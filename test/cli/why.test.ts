import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { gitRepository } from '../sources/git-repository.ts';
import { checkEnded, folderWith } from './ctim-feeds-process.ts';
import { checkNoSecret, remoteCtia } from './remote-ctia.ts';

/** One folder for all tests of this file: lists in git, published once by a process without a Redis. */
const { command, ownProcess, call } = await remoteCtia();
const folder = folderWith({ after }, {});
const { commit } = gitRepository(folder);
commit(
  {
    'feeds/settings.yaml': 'owner: acme\n',
    'feeds/tor.yaml':
      'action: block\nobservables:\n  - 11.0.0.1\n  - 11.1.0.0/16\n  - { value: 11.0.0.2, reason: "case 4711" }\n',
    '.gitignore': 'data\n',
  },
  'Block exits (#123)',
);
const revision = commit({ 'feeds/more.yaml': 'action: block\nobservables: [11.0.0.1]\n' }, 'Block one');
checkEnded(await command(folder, 'apply --yes'), 0);
const foreign = await call('POST', '/ctia/judgement?wait_for=true', {
  ...{ observable: { type: 'ip', value: '11.0.0.1' }, disposition: 5, disposition_name: 'Unknown', priority: 95 },
  ...{ source: 'securex-orchestration', severity: 'Low', confidence: 'Low', valid_time: {} },
});
assert.equal(foreign.status, 201);

test('why: list, line, commit, author and pull request, feed, ids, what others say, the verdict; no secret', async (t) => {
  const [first, wider, typed] = await Promise.all([
    ownProcess(t, folder, 'why 11.0.0.1'),
    ...['why 11.1.2.3 --json', 'why 11.0.0'].map((args) => command(folder, args)),
  ]);
  assert(first && wider && typed);
  const told = checkEnded(first, 0);
  checkNoSecret(told);
  const { stdout } = told;
  for (const says of [
    /^11\.0\.0\.1 is blocked by list \w+ \(feeds\/\w+\.yaml:\d\) and 1 more, in firewall-block\/ip since 20/,
    /listed +feeds\/more\.yaml:2 in block list more/,
    /commit +feeds\/tor\.yaml:3 [0-9a-f]{12} by a at 20\S+: Block exits \(#123\)/,
    /feed +firewall-block\/ip, SecureX_Firewall_Private_Feed_IPv4, http\S+view\.txt\?s=…/,
    /judgement judgement-\S+, link relationship-\S+, made for [0-9a-f]{12}/,
    /others +securex-orchestration says Unknown, priority 95, for ever \(judgement-/,
    /verdict +Malicious, by ours, of list (tor|more)/,
    /history +20\S+ create in firewall-block\/ip, list tor, until/,
  ])
    assert.match(stdout, says);
  const known = JSON.parse(checkEnded(wider, 0).stdout);
  assert.equal(known.says, '11.1.2.3 is blocked by 11.1.0.0/16, which contains it, in firewall-block/ip');
  assert.deepEqual([known.answer, known.listed, known.verdict], ['blocked-by-wider', [], null]);
  assert.match(checkEnded(typed, 2).stderr, /^error: "11\.0\.0" is no/);
});

test('without a token, and with a Redis that is away, why tells what lists, git, guards and journal know, and who could not be asked', async () => {
  const redis = 'redis://127.0.0.1:1';
  const [refused, away] = await Promise.all([
    command(folder, 'why 11.0.0.2', { CTIA_CLIENT_PASSWORD: 'not-the-password' }),
    command(folder, 'why 11.0.0.2', { REDIS_URL: redis }),
  ]);
  const { stdout } = checkEnded(refused, 4);
  assert.match(
    stdout,
    /^whether 11\.0\.0\.2 is blocked now is not known, since CTIA could not be asked: by the lists it is, in list tor \(feeds\/tor\.yaml:5\); by the journal it is in firewall-block\/ip\n/,
  );
  assert.match(stdout, /commit +feeds\/tor\.yaml:5 [0-9a-f]{12} by a at 20\S+: Block exits \(#123\)/);
  assert.match(stdout, /not asked CTIA: the token service refused the API client/);
  assert.match(stdout, /history +20\S+ create in firewall-block\/ip, list tor/);
  const told = checkEnded(away, 0).stdout;
  assert.match(told, /^11\.0\.0\.2 is blocked by list tor/);
  assert.match(told, /notice +the Redis of REDIS_URL, .* does not answer/);
});

test('history, its export, and at: from files where there is no Redis', async () => {
  const said = (args: string, exit = 0) => command(folder, args).then((ended) => checkEnded(ended, exit));
  const [ofValue, ofList, exported] = await Promise.all([
    said('history 11.0.0.2'),
    said('history --list more --json'),
    said('history export --since 1h'),
  ]);
  assert.match(
    ofValue.stdout,
    /^at +by +change.*\n─.*\n20\S+ +sync +create +11\.0\.0\.2 +firewall-block\/ip +tor +until 20\S+, case 4711 +[0-9a-f]{12}/,
  );
  assert.match(ofValue.stdout, /\nthe journal is whole since 20\S+; of what was before, changes may be missing\n$/);
  const { changes, whole_since: begins } = JSON.parse(ofList.stdout);
  assert.deepEqual([changes.length, changes[0].value, changes[0].revision], [1, '11.0.0.1', revision]);
  assert.equal(begins, changes[0].at);
  const lines = exported.stdout.trim().split('\n');
  assert.deepEqual([lines.length, JSON.parse(lines[0] ?? '').kind], [4, 'create']);

  const [then, before, wrong] = await Promise.all([
    said(`at ${begins.replace(/\.\d+Z$/, '.999Z')} 11.0.0.1`),
    said('at 2020-01-01 11.0.0.1'),
    said('at yesterday 11.0.0.1', 2),
  ]);
  assert.match(
    then.stdout,
    /^11\.0\.0\.1 at 20\S+: in a feed\n {2}in firewall-block\/ip by list more \(feeds\/more\.yaml:2\), [0-9a-f]{12}, as the journal tells\n/,
  );
  assert.match(
    before.stdout,
    /^11\.0\.0\.1 at 2020-01-01T00:00:00\.000Z: cannot be known: the journal is whole only since 20/,
  );
  assert.match(wrong.stderr, /"yesterday" is no time; write 2026-11-01/);
});
