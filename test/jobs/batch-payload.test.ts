import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry, Terms } from '../../src/ctim/entry.ts';
import { packBatch, unpackBatch } from '../../src/jobs/batch-payload.ts';
import { queueNames } from '../../src/jobs/queues.ts';
import type { Batch } from '../../src/plan/batch.ts';

const TOR: Terms = {
  disposition: 2,
  reason: 'Tor exit node',
  source: 'check.torproject.org',
  priority: 95,
  severity: 'Medium',
  confidence: 'High',
  tlp: 'amber',
  lifetime: { kind: 'renewed', text: '7d', ms: 7 * 24 * 3_600_000 },
};
const TWICE: Terms = { ...TOR, reason: 'seen twice' };

function entry(n: number, terms: Terms): Entry {
  const position = { file: 'feeds/tor.yaml', line: n, column: 3 };
  return { observable: { type: 'ip', value: `11.0.0.${n}` }, list: 'tor', channel: 'firewall-block', position, terms };
}

function creations(count: number): Batch {
  const changes = Array.from({ length: count }, (_, n) => ({
    kind: 'create' as const,
    feed: { channel: 'firewall-block', type: 'ip' as const },
    entry: entry(n, n === 1 ? TWICE : TOR),
    judgement: { h: `h${n}`, g: 0 },
    link: { h: `h${n}`, g: 0 },
  }));
  return { kind: 'import', changes };
}

const FACTS = {
  revision: 'abc1234',
  run: '7',
  byHand: '0',
  indicators: [['firewall-block/ip', 'indicator-1']] as [string, string][],
};

test('a batch comes out of Redis as it went in', () => {
  const batch = creations(3);
  const stored = JSON.parse(JSON.stringify(packBatch(batch, FACTS)));
  assert.deepEqual(unpackBatch(stored), batch);
  const { revision, run, byHand, indicators } = stored;
  assert.deepEqual({ revision, run, byHand, indicators }, FACTS);
  const unlink: Batch = {
    kind: 'unlink',
    changes: [
      {
        kind: 'unlink',
        feed: { channel: 'firewall-block', type: 'ip' },
        h: 'h0',
        link: { id: 'relationship-1', h: 'h0', g: 0, source: 'judgement-1', target: 'indicator-2' } as never,
      },
    ],
  };
  assert.deepEqual(unpackBatch(JSON.parse(JSON.stringify(packBatch(unlink, FACTS)))), unlink);
});

test('what a thousand entries have in common is stored once', () => {
  const stored = packBatch(creations(1000), FACTS);
  assert.deepEqual(stored.terms, [TOR, TWICE]);
  assert.equal(JSON.stringify(stored).split('Tor exit node').length - 1, 1);
});

test('the queue is named after the host of CTIA and the owner, without a colon', () => {
  assert.deepEqual(queueNames('https://private.intel.eu.amp.cisco.com', 'acme'), {
    requests: 'ctim-feeds-acme-private.intel.eu.amp.cisco.com',
    renewals: 'ctim-feeds-acme-private.intel.eu.amp.cisco.com-renewals',
    batches: 'ctim-feeds-acme-private.intel.eu.amp.cisco.com-batches',
    messages: 'ctim-feeds-acme-private.intel.eu.amp.cisco.com-messages',
  });
  assert.equal(queueNames('http://127.0.0.1:3000', 'local').requests, 'ctim-feeds-local-127.0.0.1-3000');
  assert.equal(queueNames('http://[::1]:3000', 'local').requests, 'ctim-feeds-local--1-3000');
});
