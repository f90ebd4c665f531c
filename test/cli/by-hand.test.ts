import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLIENT, workbench } from '../jobs/workbench.ts';
import { gitRepository } from '../sources/git-repository.ts';
import { checkEnded, folderWith, run as runCommand } from './ctim-feeds-process.ts';
import { runHere } from './in-this-process.ts';
import { checkNoSecret, remoteCtia, SETTINGS, TOR } from './remote-ctia.ts';

const { command, ownProcess } = await remoteCtia();

async function urls(run: (args: string) => ReturnType<typeof command>): Promise<string> {
  const { feeds } = JSON.parse(checkEnded(await run('feeds --show-secrets --json'), 0).stdout);
  return feeds.find(({ type }: { type: string }) => type === 'ip').url;
}

const pull = async (url: string) => (await fetch(url)).text();

test('on call, with no Redis and no worker: block, commit it, panic, release, another URL', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR, 'feeds/settings.yaml': SETTINGS });
  const repository = gitRepository(folder);
  // The journal of work without a Redis lies in the data folder.
  const good = repository.commit({ '.gitignore': 'data/\n' });
  const run = (args: string) => command(folder, args);
  checkEnded(await run('apply --yes'), 0);
  const url = await urls(run);

  const nobody = await ownProcess(t, folder, 'add 11.9.9.9 --for 24h --reason INC-1 --commit', {
    GIT_CONFIG_GLOBAL: '/dev/null',
  });
  assert.match(checkEnded(nobody, 2).stderr, /does not know who commits: say --author/);
  assert.equal(await pull(url), '11.0.0.1\n11.0.0.2', 'nothing was done');
  repository.git('config', 'user.name', 'Ann');
  repository.git('config', 'user.email', 'ann@example.org');
  const added = await ownProcess(t, folder, 'add 11.9.9.9 --for 24h --reason INC-1 --commit');
  const { stdout } = checkEnded(added, 0);
  assert.match(stdout, /^ip 11\.9\.9\.9: blocked in firewall-block until .*\n {2}in firewall-block\/ip\ncommit /);
  assert.equal(await pull(url), '11.0.0.1\n11.0.0.2\n11.9.9.9');
  assert.match(
    repository.git('log', '-1', '--format=%an %ae%n%B', 'adhoc/block-11.9.9.9'),
    /^Ann ann@example\.org\nBlock 11\.9\.9\.9 until 20.*\n\nINC-1/,
  );
  assert.equal(repository.git('status', '--porcelain'), '', 'the work tree is as it was');
  assert.equal(repository.git('rev-parse', 'HEAD'), good);

  checkEnded(await run('panic firewall-block --empty --reason INC-2'), 0);
  assert.equal(await pull(url), '');
  assert.match(checkEnded(await run('status'), 0).stdout, /^on hold {3}firewall-block since 20.*: emptied \(INC-2\)$/m);
  const released = checkEnded(await run('panic firewall-block --release'), 0);
  assert.match(released.stdout, /no longer on hold[\s\S]*verified/);

  const rotated = checkEnded(await run('feeds rotate firewall-block ip --grace 12h'), 0);
  checkNoSecret(rotated);
  assert.match(rotated.stdout, /^firewall-block\/ip: http:\S+\?s=…\n {2}the former http\S+ answers until 20/);
  assert.equal(await pull(url), '11.0.0.1\n11.0.0.2', 'for its grace period');
});

test('where workers run they do it, and the commit is made here and pushed to the repository that they fetch', async (t) => {
  const remote = gitRepository(join(folderWith(t, {}), 'lists'));
  const base = remote.commit({ 'feeds/tor.yaml': TOR, 'feeds/settings.yaml': SETTINGS });
  const bench = await workbench(t, { remote: remote.path });
  bench.startWorkers();
  assert.equal((await bench.run('sync')).result?.result, 'verified');
  const env = {
    ...{ CTIA_URL: bench.server.url, CTIA_TOKEN_URL: bench.server.url, DATA_DIR: bench.folder },
    ...{ CTIA_CLIENT_ID: CLIENT.id, CTIA_CLIENT_PASSWORD: CLIENT.password, FEEDS_REPO: remote.path },
  };
  const args = ['add', '11.9.9.9', '--for', '24h', '--reason', 'INC-1', '--json'];
  const added = await runCommand(t, bench.folder, [...args, '--commit', '--author', 'Ann <ann@example.org>'], env);
  const { shown, branch, commit, pushed } = JSON.parse(checkEnded(added, 0).stdout);
  assert.deepEqual([shown, branch, pushed], [['firewall-block/ip'], 'adhoc/block-11.9.9.9', true]);
  assert.equal((await bench.work.requests.getCompleted()).filter(({ name }) => name === 'add').length, 1);
  assert.equal(remote.git('rev-parse', branch, `${branch}^`), `${commit}\n${base}`);

  const again = await runHere(bench.folder, [...args, '--commit', '--author', 'Bob <bob@example.org>'], env);
  const next = JSON.parse(checkEnded(again, 0).stdout);
  assert.equal(remote.git('rev-parse', `${branch}^`), commit, 'on top of what is there');
  remote.git('merge', '--quiet', '--ff-only', next.commit);
  const { result } = await bench.run('sync');
  assert.equal(result.result, 'verified', JSON.stringify(result));
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.0.0.2\n11.9.9.9');
});
