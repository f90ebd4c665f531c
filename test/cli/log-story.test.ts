import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/runtime/clock.ts';
import { checkEnded, folderWith, freePort, processesIn, run, start } from './ctim-feeds-process.ts';
import { runHere } from './in-this-process.ts';

const ATTACKER = '11.22.34.44';

/** An hour ago, so that a block of a day is not over. */
function line(client: string, request: string): string {
  const at = new Date(systemClock.now() - 3_600_000);
  const [day, month, year] = at.toUTCString().slice(5, 16).split(' ');
  return `${client} - - [${day}/${month}/${year}:${at.toISOString().slice(11, 19)} +0000] "GET ${request} HTTP/1.1" 404 1 "-" "x"\n`;
}

test('a log comes in: an incident stands with its sightings, its attacker is in the block feed for a time, why names the incident, and an allow entry takes it out', async (t) => {
  const folder = folderWith(t, {
    'feeds/settings.yaml': 'owner: acme\n',
    'feeds/bad.yaml': 'action: block\nobservables: [ 45.66.35.11 ]\n',
    'access.log':
      line(ATTACKER, '/x?f=../../../../etc/passwd') +
      line(ATTACKER, '/?id=1%27%20UNION%20SELECT%20username,password%20FROM%20users--') +
      line('192.168.1.7', '/x?f=../../../../etc/passwd') +
      line('11.22.34.50', '/'),
  });
  const up = start(t, folder, ['up', '--port', await freePort()]);
  await up.shows(/Workers and schedules are running/);
  const [viewUrl = ''] = /\bip +1 +(\S+view\.txt\S+)/.exec(up.stdout)?.slice(1) ?? [];
  const view = async () => (await fetch(viewUrl)).text();
  assert.equal(await view(), '45.66.35.11');

  const dry = checkEnded(await run(t, folder, ['incident', 'from-log', 'access.log']), 0).stdout;
  assert.match(dry, /nothing was sent/);
  assert.equal(await view(), '45.66.35.11', 'a dry run blocks nobody');

  const send = () => runHere(folder, ['incident', 'from-log', 'access.log', '--send', '--json']);
  const { sent } = JSON.parse(checkEnded(await send(), 0).stdout);
  const [incident] = sent.imported[0].results.filter(({ plural }: { plural: string }) => plural === 'incidents');
  assert.equal(incident.result, 'created');
  assert.deepEqual(
    sent.attackers.blocked.map(({ value }: { value: string }) => value),
    [ATTACKER],
  );
  assert.equal(await view(), `${ATTACKER}\n45.66.35.11`);

  const again = JSON.parse(checkEnded(await send(), 0).stdout).sent;
  const made = again.imported[0].results.filter(({ result }: { result: string }) => result !== 'exists');
  assert.deepEqual([made, again.attackers.blocked], [[], []], 'the same log twice makes nothing new');

  const whole = JSON.parse(
    checkEnded(await runHere(folder, ['incident', 'show', incident.id, '--format', 'json']), 0).stdout,
  );
  assert.equal(whole.sightings.length, 3);
  const why = JSON.parse(checkEnded(await runHere(folder, ['why', ATTACKER, '--json']), 0).stdout);
  assert.match(
    why.says,
    /is blocked by what a log told of it \(.*path-traversal.*\), in firewall-block\/ip since .* until /,
  );
  assert.equal(why.in_feeds[0].source_uri, incident.id);

  writeFileSync(join(folder, 'feeds', 'good.yaml'), `action: allow\nobservables: [ ${ATTACKER} ]\n`);
  const sync = checkEnded(await runHere(folder, ['enqueue', 'sync', '--wait']), 0).stdout;
  assert.match(sync, /attackers: .*allowed by feeds\/good\.yaml:2/);
  assert.equal(await view(), '45.66.35.11');

  up.child.kill('SIGTERM');
  await up.ended();
  assert.deepEqual(processesIn(folder), []);
});
