import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Entry } from '../../src/ctim/entry.ts';
import type { ActualJudgement } from '../../src/plan/actual.ts';
import {
  lifetimeText,
  newJudgement,
  newLink,
  renewed,
  rewritten,
  saySame,
  stateDocument,
  withdrawn,
} from '../../src/plan/documents.ts';
import { DAY, judgementOf, NOW } from './situation.ts';

/** writes.md §1, computed here a second time: SHA-256 of the JSON array without blanks. */
const H = createHash('sha256').update('["firewall-block","tor","ip","198.51.100.7"]').digest('hex');
const MOMENT = { now: NOW, owner: 'acme', revision: '4f2a9c1' };

const ENTRY: Entry = {
  observable: { type: 'ip', value: '198.51.100.7' },
  list: 'tor',
  channel: 'firewall-block',
  position: { file: 'feeds/tor.yaml', line: 12, column: 5 },
  terms: {
    disposition: 2,
    source: 'check.torproject.org',
    source_uri: 'https://check.torproject.org/',
    reason: 'Tor exit node',
    priority: 95,
    severity: 'Medium',
    confidence: 'High',
    tlp: 'amber',
    lifetime: { kind: 'renewed', text: '7d', ms: 7 * DAY },
  },
};

/** The end by hand: seven days, and of their twentieth part as much as the first 32 bits of h say. */
const END = new Date(NOW + 7 * DAY + Math.round(7 * DAY * 0.05 * (Number.parseInt(H.slice(0, 8), 16) / 2 ** 32)));

const STORED: ActualJudgement = {
  ...judgementOf('tor 198.51.100.7 g0 +2d link0 id=https://ctia.test:443/ctia/judgement/judgement-1'),
  words: newWords(),
};

function newWords(): ActualJudgement['words'] {
  const { lifetime: _, ...words } = ENTRY.terms;
  return words;
}

test('the judgement of one entry, literally as writes.md §3 has it', () => {
  assert.deepEqual(newJudgement(MOMENT, ENTRY, { h: H, g: 0 }), {
    external_ids: [`acme-judgement-${H}-0`, `acme-entry-${H}`, 'acme-owned'],
    observable: { type: 'ip', value: '198.51.100.7' },
    disposition: 2,
    disposition_name: 'Malicious',
    source: 'check.torproject.org',
    source_uri: 'https://check.torproject.org/',
    reason: 'Tor exit node',
    priority: 95,
    severity: 'Medium',
    confidence: 'High',
    tlp: 'amber',
    valid_time: { start_time: '2026-11-25T01:55:00.000Z', end_time: END.toISOString() },
    external_references: [
      { source_name: 'acme/tor', external_id: '4f2a9c1:feeds/tor.yaml:12', description: 'lifetime 7d' },
    ],
  });
});

test('a ticket is a further reference, and a change of it alone changes nothing', () => {
  const terms = { ...ENTRY.terms, ticket: 'SOC-4711' };
  assert.deepEqual(newJudgement(MOMENT, { ...ENTRY, terms }, { h: H, g: 0 }).external_references, [
    { source_name: 'acme/tor', external_id: '4f2a9c1:feeds/tor.yaml:12', description: 'lifetime 7d' },
    { source_name: 'ticket', external_id: 'SOC-4711' },
  ]);
  assert.ok(saySame(ENTRY.terms, terms));
  const was = { source_name: 'ThreatGrid', description: 'adopted' };
  const [origin] = STORED.references;
  const references = [origin ?? was, { source_name: 'ticket', external_id: 'SOC-1' }, was];
  const tickets = (next: Entry) =>
    rewritten(MOMENT, next, { ...STORED, references }, false)
      .external_references.slice(1)
      .map((it) => it.external_id ?? it.description);
  assert.deepEqual(tickets({ ...ENTRY, terms }), ['SOC-4711', 'adopted'], 'the old one goes, what was adopted stays');
  assert.deepEqual(tickets(ENTRY), ['adopted']);
});

test('the link of one entry, literally as writes.md §3 has it', () => {
  assert.deepEqual(
    newLink('acme', { h: H, g: 0 }, 'transient:j0', 'https://ctia.test:443/ctia/indicator/indicator-1', 'amber'),
    {
      external_ids: [`acme-link-${H}-0`, 'acme-owned'],
      relationship_type: 'element-of',
      source_ref: 'transient:j0',
      target_ref: 'https://ctia.test:443/ctia/indicator/indicator-1',
      source: 'acme',
      tlp: 'amber',
    },
  );
});

test('an entry that says less leaves the fields out, never null', () => {
  const { source_uri: _, reason: __, ...terms } = ENTRY.terms;
  const document = newJudgement(MOMENT, { ...ENTRY, terms }, { h: H, g: 0 });
  assert.equal('source_uri' in document || 'reason' in document, false);
});

test('an entry that is not renewed bears its once id and ends when its list says', () => {
  const end = Date.parse('2026-12-24T23:59:59.999Z');
  const once = { ...ENTRY, terms: { ...ENTRY.terms, lifetime: { kind: 'once', text: '2026-12-24', end } } } as const;
  const document = newJudgement(MOMENT, once, { h: H, g: 3 });
  assert.deepEqual(document.external_ids, [`acme-judgement-${H}-3`, `acme-entry-${H}`, 'acme-owned', `acme-once-${H}`]);
  assert.equal(document.valid_time.end_time, '2026-12-24T23:59:59.999Z');
  assert.equal(lifetimeText({ references: document.external_references }), '2026-12-24');
});

test('renewed: a later end and nothing else; start and references are the stored ones', () => {
  const references = [
    { source_name: 'acme/tor', external_id: 'older:feeds/tor.yaml:3', description: 'lifetime 7d' },
    { source_name: 'ticket', external_id: 'INC-7' },
  ];
  const document = renewed({ ...MOMENT, revision: 'newer' }, { ...STORED, references }, 7 * DAY);
  const fresh = newJudgement(MOMENT, ENTRY, { h: H, g: 0 });
  assert.deepEqual(document, {
    ...fresh,
    id: 'https://ctia.test:443/ctia/judgement/judgement-1',
    valid_time: { start_time: '2026-11-22T02:00:00.000Z', end_time: END.toISOString() },
    external_references: references,
  });
});

test('changed in place: the start stays; dead and revived: it starts anew', () => {
  assert.equal(rewritten(MOMENT, ENTRY, STORED, false).valid_time.start_time, '2026-11-22T02:00:00.000Z');
  assert.equal(rewritten(MOMENT, ENTRY, STORED, true).valid_time.start_time, '2026-11-25T01:55:00.000Z');
  assert.equal(
    rewritten(MOMENT, ENTRY, { ...STORED, start: NOW + DAY }, false).valid_time.start_time,
    '2026-11-25T02:00:00.000Z',
  );
  assert.deepEqual(
    rewritten(MOMENT, ENTRY, STORED, false).external_references,
    newJudgement(MOMENT, ENTRY, STORED).external_references,
  );
});

test('withdrawn: both bounds just past, the reason says by which commit, and once is dropped', () => {
  const document = withdrawn(MOMENT, { ...STORED, once: true });
  assert.deepEqual(document.valid_time, {
    start_time: '2026-11-22T02:00:00.000Z',
    end_time: '2026-11-25T01:59:58.000Z',
  });
  assert.equal(document.reason, 'Tor exit node withdrawn 4f2a9c1');
  assert.deepEqual(document.external_ids, [`acme-judgement-${H}-0`, `acme-entry-${H}`, 'acme-owned']);
});

test('withdrawn before it began: start and end are the same moment, since start ≤ end must hold', () => {
  const { valid_time: validTime } = withdrawn(MOMENT, { ...STORED, start: NOW + DAY });
  assert.deepEqual(validTime, { start_time: '2026-11-25T01:59:58.000Z', end_time: '2026-11-25T01:59:58.000Z' });
});

test('withdrawn: without a reason before, no blank before the text', () => {
  const { reason: _, ...words } = STORED.words;
  assert.equal(withdrawn(MOMENT, { ...STORED, words }).reason, 'withdrawn 4f2a9c1');
});

test('withdrawn: 1024 characters, and it is the old reason that is cut', () => {
  const long = { ...STORED, words: { ...STORED.words, reason: 'x'.repeat(1024) } };
  const { reason = '' } = withdrawn(MOMENT, long);
  assert.equal(reason.length, 1024);
  assert.equal(reason.slice(-24), 'xxxxxx withdrawn 4f2a9c1');
});

test('the state, literally', () => {
  assert.deepEqual(stateDocument(MOMENT, 'https://git.acme.test/blocklists'), {
    external_ids: ['acme-state', 'acme-owned'],
    producer: 'ctim-feeds',
    title: 'ctim-feeds state',
    short_description: '4f2a9c1',
    source_uri: 'https://git.acme.test/blocklists',
    tlp: 'amber',
  });
});
