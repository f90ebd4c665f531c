import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Adhoc, adhocList, adhocName } from '../../src/lists/adhoc-list.ts';
import { readingOf } from './reading-of.ts';

const ADHOC: Adhoc = {
  action: 'block',
  channel: 'firewall-block',
  observable: { type: 'ip', value: '11.0.0.7' },
  reason: 'case "4711": # not a comment\n- nor an entry',
  ticket: 'INC-4711: phish',
  until: '2026-11-26T02:00:00.000Z',
  by: 'Ann <ann@example.org>\naction: allow',
};

test('what was done by hand reads as a list: the value, its words whatever they hold, and a last day that is not too early', async () => {
  const { below, text } = adhocList(ADHOC);
  assert.equal(below, 'adhoc/block-11.0.0.7.yaml');
  const { entries, problems } = await readingOf({ [below]: text });
  assert.deepEqual(problems, []);
  const [entry, ...more] = entries;
  assert.ok(entry);
  assert.deepEqual([more, entry.observable, entry.terms.reason], [[], ADHOC.observable, ADHOC.reason]);
  assert.equal(entry.terms.ticket, ADHOC.ticket);
  const { lifetime } = entry.terms;
  assert(lifetime.kind === 'once' && lifetime.end >= Date.parse(ADHOC.until));
});

test('a name for a file and a branch, another one for each value', () => {
  const names = [
    adhocName('allow', { type: 'ip', value: '11.0.0.0/24' }),
    adhocName('allow', { type: 'ip', value: '11.0.0.0' }),
    adhocName('block', { type: 'url', value: 'https://bad.icu/../a?b=c~d' }),
    adhocName('block', { type: 'url', value: 'https://bad.icu/../a?b=c~e' }),
    adhocName('block', { type: 'ipv6', value: '2001:4860::1' }),
  ];
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^(?:allow|block)-[a-z0-9](?:[a-z0-9-]|\.(?!\.))*[a-z0-9]$/, name);
});
