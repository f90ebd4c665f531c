import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/runtime/config.ts';
import { makeGuardKnowledge } from '../../src/sources/guard-knowledge.ts';
import { guardsOf, judged } from '../lists/guards/judged.ts';

const REMOTE = {
  CTIA_URL: 'https://private.intel.eu.amp.cisco.com',
  CTIA_TOKEN_URL: 'https://visibility.eu.amp.cisco.com',
  CTIA_CLIENT_ID: 'client-7',
  CTIA_CLIENT_PASSWORD: 'hunter2-hunter2',
};

test('T28 git host, Cisco’s hosts of every region, Redis, public URL and upstream hosts cannot be blocked', async (t) => {
  const cwd = mkdtempSync(path.join(tmpdir(), 'knowledge-'));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  const tree = path.join(cwd, 'data', 'repository', 'current', 'feeds');
  mkdirSync(tree, { recursive: true });
  writeFileSync(
    path.join(tree, 'scanners.yaml'),
    'action: block\nupstream: { url: "https://lists.partner.icu/scanners.txt?key=s3cret", format: text }\n',
  );
  writeFileSync(
    path.join(tree, 'settings.yaml'),
    'guards: { lists: [{ url: "https://warnings.partner-two.icu/a.json", kind: cidr, severity: warn }] }\n',
  );
  const env = {
    ...REMOTE,
    FEEDS_REPO: 'git@git.corp.icu:soc/lists.git',
    REDIS_URL: 'redis://user:hunter2@45.66.35.11:6379',
    PUBLIC_URL: 'https://feeds.corp.icu',
  };
  const config = loadConfig({ env, flags: { host: '45.66.35.12' }, cwd, log: { level: 'silent', pretty: false } });
  const know = makeGuardKnowledge(config);
  const knowledge = await know();
  const guards = guardsOf('', knowledge);
  const never = [
    ...[
      'private.intel.eu.amp.cisco.com',
      'visibility.apjc.amp.cisco.com',
      'private.intel.amp.cisco.com',
      'security.cisco.com',
    ],
    ...[
      'git.corp.icu',
      'corp.icu',
      'https://git.corp.icu/soc/lists',
      '45.66.35.11',
      '45.66.35.0/24',
      'http://45.66.35.12/x',
    ],
    ...[
      'feeds.corp.icu',
      'https://feeds.corp.icu/view.txt',
      'lists.partner.icu',
      'https://lists.partner.icu/scanners.txt',
    ],
    'warnings.partner-two.icu',
  ];
  for (const value of never) assert.equal(judged(value, guards), 'never guard-configured', value);
  assert.equal(judged('https://lists.partner.icu/malware.exe', guards), 'refuse guard-configured');
  for (const value of ['45.66.36.1', 'other.icu', 'x.lists.partner.icu'])
    assert.equal(judged(value, guards), 'published', value);
  const [finding] = guards.explain({ type: 'domain', value: 'git.corp.icu' });
  assert.match(finding?.why ?? '', /git\.corp\.icu is protected by the configuration: git host/);
  assert.doesNotMatch(JSON.stringify(knowledge.configured), /s3cret|hunter2/);
  // The same answer while nothing changed: lists are not read again for it.
  assert.equal(await know(), knowledge);
});

test('what is local is nobody’s host: loopback, sockets, a path, all addresses of one’s own', async (t) => {
  const cwd = mkdtempSync(path.join(tmpdir(), 'knowledge-'));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  const env = { REDIS_URL: 'redis://127.0.0.1:6379', FEEDS_REPO: '/srv/lists.git' };
  const config = loadConfig({ env, flags: { host: '0.0.0.0' }, cwd, log: { level: 'silent', pretty: false } });
  const { configured } = await makeGuardKnowledge(config)();
  assert.deepEqual(
    configured.filter(({ what }) => what !== 'a host of Cisco XDR'),
    [],
  );
});
