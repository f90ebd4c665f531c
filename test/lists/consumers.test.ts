import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf, readingOf } from './reading-of.ts';

function settings(channel: string): string {
  return `guards: { documentation: allow }\nchannels: { firewall-block: { ${channel} } }\n`;
}

test('a range in a channel that cisco-tid or sophos pulls is an error with its line; a URL is no range', async () => {
  const list =
    'action: block\nobservables:\n  - 203.0.113.7\n  - 203.0.113.8/30\n  - "2001:db8::/64"\n  - https://bad.example/a\n';
  const tid = await problemsOf({ 'settings.yaml': settings('consumers: [cisco-fmc, cisco-tid]'), 'a.yaml': list });
  assert.match(
    tid[0] ?? '',
    /^feeds\/a\.yaml:4:5 error consumer-range "203\.0\.113\.8\/30" is a range, and cisco-tid, which pulls the feeds of firewall-block, takes single addresses only/,
  );
  assert.match(tid[1] ?? '', /^feeds\/a\.yaml:5:5 error consumer-range/);
  assert.equal(tid.length, 2);
  // Sophos has no IPv6 at all: that feed is not for it, so its ranges do not matter.
  const sophos = await problemsOf({ 'settings.yaml': settings('consumers: [sophos]'), 'a.yaml': list });
  assert.match(sophos.join('\n'), /^\S+:4:5 error consumer-range[^\n]*sophos[^\n]*$/);
  assert.deepEqual(await problemsOf({ 'settings.yaml': settings('consumers: [panos]'), 'a.yaml': list }), []);
});

test('T11 a channel that requires a reason and a ticket: each entry without is an error with its line', async () => {
  const folder = {
    'settings.yaml': settings('require: [reason, ticket]'),
    'a.yaml':
      'action: block\ndefaults: { reason: phish }\nentries_from: b.txt\noverrides: { 203.0.113.9: { ticket: SOC-9 } }\nobservables:\n  - 203.0.113.7\n  - { value: 203.0.113.8, ticket: SOC-8 }\n',
    'b.txt': '203.0.113.9\n203.0.113.10\n',
  };
  const problems = await problemsOf(folder);
  assert.match(
    problems[0] ?? '',
    /^feeds\/a\.yaml:6:5 error required-word "203\.0\.113\.7" has no ticket, which the channel firewall-block requires: write it beside the value/,
  );
  assert.match(problems[1] ?? '', /^feeds\/b\.txt:2:1 error required-word "203\.0\.113\.10" has no ticket/);
  assert.equal(problems.length, 2);
  const { entries, lists } = await readingOf(folder);
  assert.deepEqual(
    entries.map(({ observable, terms }) => `${observable.value} ${terms.reason} ${terms.ticket}`),
    ['203.0.113.8 phish SOC-8', '203.0.113.9 phish SOC-9'],
  );
  assert.equal(lists[0]?.invalid, 2);
  const said = {
    ...folder,
    'a.yaml': folder['a.yaml'].replace('{ reason: phish }', '{ reason: phish, ticket: SOC-1 }'),
  };
  assert.deepEqual(await problemsOf(said), []);
});
