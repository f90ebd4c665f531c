import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkEnded, folderWith, writeFiles } from './ctim-feeds-process.ts';
import { PASSWORD, remoteCtia } from './remote-ctia.ts';

const { command, server, call } = await remoteCtia();
/** One folder for all tests of this file. */
const folder = folderWith({ after }, { 'feeds/settings.yaml': 'owner: acme\n' });
writeFiles(folder, {
  'other.txt': `host=${server.url}\nhost_for_token=${server.url}\nctr_client_id=client-of-acme\nctr_client_password=${PASSWORD}\n`,
});
chmodSync(join(folder, 'other.txt'), 0o600);

/** What a command prints, with the exit status that is expected of it; no secret. */
async function told(args: string | string[], exit = 0, more: Record<string, string> = {}) {
  const ended = checkEnded(await command(folder, args, more), exit);
  assert(!`${ended.stdout}${ended.stderr}`.includes(PASSWORD));
  return ended;
}
const incidentId = (text: string) => /incident-[0-9a-f-]{36}/.exec(text)?.[0] ?? assert.fail(text);

const CASE = `title: Parcels
severity: Critical
sightings:
  - observed_time: 2026-11-25T08:00:00Z
    title: "path | traversal"
    count: 40
    observables: [11.22.33.44, hostname:web-1]
    targets: [192.0.2.10]
    relations: ["11.22.33.44 Connected_To 192.0.2.10"]
judgements:
  - { observable: 11.22.33.44, disposition_name: Malicious, reason: tried 40 numbers }
`;
writeFiles(folder, {
  'case.yaml': CASE,
  'broken.yaml': CASE.replace('count: 40', 'count: many').replace('192.0.2.10"', 'nobody"'),
  'report.txt': 'Blocked hxxp://11.22.33[.]46/a and 11.22.33[.]46, see EVIL.example.org.\n',
});
test('incident: created once, listed, shown in every form, its status set, copied, deleted after asking', async () => {
  const broken = await told('incident create -f broken.yaml', 1);
  assert.match(broken.stderr, /nothing was sent:\nbroken\.yaml:6:12 sightings\[0\]\.count: "many": .*expected number/);
  assert.match(broken.stderr, /broken\.yaml:9:17 sightings\[0\]\.relations\[0\]: .*no address, domain, URL or hash/);

  const { stdout: created } = await told('incident create -f case.yaml');
  assert.match(created, /^created http:\S+incident-\S+ \(case\.yaml:1:1\)\n/);
  assert.match(created, /\nsightings: 1 created\njudgements: 1 created\nrelationships: 2 created\n/);
  const id = incidentId(created);
  const again = JSON.parse((await told('incident create -f case.yaml --json')).stdout);
  assert.deepEqual(again.counts.sightings, { created: 0, updated: 0, exists: 1, error: 0 });
  const list = await told('incident list --critical --status new');
  assert.match(list.stdout, new RegExp(`\n2026-11-25 08:00 +New +Critical +Parcels +acme +${id}\n`));

  const table = (await told(`incident show ${id}`)).stdout;
  assert.match(table, /\n2026-11-25 08:00:00 +40 +path \| traversal +ip 11\.22\.33\.44, hostname web-1 +ip 192/);
  assert.match(table, /\nip 11\.22\.33\.44 +Malicious +acme, until 20\S+ \S+ +1\n2 of 3 observables have no judgement/);
  const markdown = (await told(`incident show ${id} --format markdown`)).stdout;
  assert.match(markdown, /^# `Parcels`\n/);
  assert.match(markdown, /\| `path \\\| traversal` \| `ip 11\.22\.33\.44`<br>`hostname web-1` \|/);
  const mermaid = (await told(`incident show ${id} --format mermaid`)).stdout;
  assert.match(mermaid, /^flowchart LR\n {2}n0\{\{"Parcels"\}\}\n {2}n1\("ip 11\.22\.33\.44"\):::Malicious\n/);
  assert.match(mermaid, /\n {2}n1 -->\|"Connected_To ×40"\| n2\n/);
  const dot = (await told(`incident show ${id} --format dot`)).stdout;
  assert.match(dot, /\n {2}n1 -> n2 \[label="Connected_To ×40"\];\n/);

  // The same from the printed bundle, and in a copy: nothing new under this owner, all of it under another.
  writeFiles(folder, { 'bundle.json': (await told(`incident show ${id} --format bundle`)).stdout });
  const counts = { created: 0, updated: 0, exists: 0, error: 0 };
  const file = JSON.parse((await told('incident create -f bundle.json --json')).stdout);
  assert.deepEqual(file.counts.relationships, { ...counts, exists: 2 });
  const copy = JSON.parse((await told(`incident copy ${id} --to other.txt --to-owner globex --json`)).stdout);
  assert.deepEqual(copy.counts.relationships, { ...counts, created: 2 });

  // By the newer path as well, which has no route of its own for a status.
  const newer = { CTIA_INCIDENT_BASE: 'private-intel' };
  assert.match((await told(`incident status ${id} open`, 0, newer)).stdout, /: New → Open\n/);
  assert.match((await told(`incident status ${id} done`, 2)).stderr, /the status is "done"; expected one of Closed, /);
  const asked = await told(`incident delete ${id}`, 3);
  assert.match(asked.stdout, /would go, with 1 sightings, 2 relationships, 1 judgements\n/);
  assert.match(asked.stderr, /^error: delete all that\? nothing was done: say --yes/);
  assert.match((await told(`incident delete ${id} --yes`, 0, newer)).stdout, /\n5 deleted\n$/);
  assert(server.requests.byRoute.has('POST /ctia/bundle/import'));
});

test('sighting: by flags into an incident, listed by what was seen, shown, deleted; link brings it into another', async () => {
  const incident = { title: 'Letters', confidence: 'High', status: 'New', incident_time: { opened: '2026-11-25' } };
  const made = () => call('POST', '/ctia/incident?wait_for=true', incident);
  const [first, second] = [incidentId((await made()).json.id), incidentId((await made()).json.id)];
  const flags = [
    ...['sighting', 'create', '--incident', first, '--observed', '2026-11-25T09:00:00Z', '--count', '3'],
    ...['--observable', '11.22.33.45', 'user:ada', '--target', 'endpoint.server=192.0.2.10,hostname:web-1'],
    ...['--relation', '11.22.33.45 Connected_To 192.0.2.10', '--sensor', 'network.ids', '--severity', 'High'],
    ...['--sensor-observable', 'hostname:ids-1', '--external-id', 'event-77', '--json'],
  ];
  const created = JSON.parse((await told(flags)).stdout);
  assert.deepEqual(created.counts.relationships, { created: 1, updated: 0, exists: 0, error: 0 });
  const id = /sighting-[0-9a-f-]{36}/.exec(created.results[0].id)?.[0] ?? '';
  const list = await told('sighting list --observable 11.22.33.45 --since 2026-11-25');
  assert.match(
    list.stdout,
    new RegExp(`\n2026-11-25 09:00:00 +3 +network\\.ids +ip 11\\.22\\.33\\.45, user ada +acme +${id}\n`),
  );
  assert.equal((await told('sighting list --observable 11.22.33.4')).stdout, 'no such sighting\n');
  const { stdout: shown } = await told(`sighting show ${id}`);
  for (const says of [
    /\nsensor at +network\.ids: hostname ids-1\n/,
    /\ntarget +endpoint\.server: ip 192\.0\.2\.10, hostname web-1\n/,
    /\nrelation +11\.22\.33\.45 Connected_To 192\.0\.2\.10\n/,
    new RegExp(`\nmember-of +http\\S+${first}\n`),
    /\nip 11\.22\.33\.45: no judgement\n/,
  ])
    assert.match(shown, says);
  assert.match((await told(`incident link ${second} ${id}`)).stdout, /^relationships: 1 created\n$/);
  const gone = await told(`sighting delete ${id} --yes`);
  assert.match(gone.stdout, new RegExp(`^delete: .*, of (?:${first}, ${second}|${second}, ${first})\n3 deleted`));
});

test('judgements, verdict and inspect: made, told, listed as values and CSV, ended; none is deleted unnamed', async () => {
  const words = ['--disposition', 'Malicious', '--reason', 'case 4711, "scan"', '--for', '24h'];
  await told(['judgements', 'create', '11.22.33.46', 'http://11.22.33.46/A', ...words]);
  assert.match(
    (await told('verdict 11.22.33[.]46 11.22.33.4 http://11.22.33.46/a')).stdout,
    /^ip 11\.22\.33\.46: Malicious\n {2}decides acme says Malicious, priority 100, .*case 4711, "scan" \(judgement-\S+\)\nip 11\.22\.33\.4: no judgement\nurl http:\/\/11\.22\.33\.46\/a: no judgement\n$/,
  );
  assert.match((await told('verdict 11.22.33', 2)).stderr, /^error: "11\.22\.33" is no/);
  const inspected = (await told('inspect report.txt')).stdout;
  assert.match(inspected, /^observable[^\n]*\n[^\n]*\nip 11\.22\.33\.46 +1 +Malicious +acme, until 20\S+ \S+ +1\n/);
  assert.match(inspected, /\ndomain evil\.example\.org +1\n/);
  assert.match(inspected, /\n3 observables, 2 without a judgement\n$/);
  assert.match((await told('judgements list --format values --type ip')).stdout, /(?:^|\n)11\.22\.33\.46\n/);
  assert.match(
    (await told('judgements list --format csv --value 11.22.33.46')).stdout,
    /\nip,11\.22\.33\.46,Malicious,acme,,100,Unknown,Unknown,amber,\S+,\S+,"case 4711, ""scan""",http/,
  );
  assert.match((await told('judgements delete --yes', 2)).stderr, /say which to delete/);
  const ended = await told('judgements expire --value 11.22.33.46 --reason closed --yes');
  assert.match(ended.stdout, /^end: ip 11\.22\.33\.46, Malicious by acme until .*\n1 ended\n$/);
  const { stdout: silent } = await told('verdict 11.22.33.46');
  assert.match(silent, /: no verdict: none of its judgements counts now\n .* ended /);
});
