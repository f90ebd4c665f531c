import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Observable, sameObservable } from '../../src/ctim/observable.ts';
import {
  type ActualJudgement,
  ALWAYS,
  type Glance,
  type GlanceKind,
  glances,
  isOf,
  NEVER,
} from '../../src/plan/actual.ts';
import { H_DESK, layHex, makeHashKeys } from '../../src/plan/hash-keys.ts';
import { type JudgementColumns, makeJudgementColumns } from '../../src/plan/judgement-columns.ts';

const CTIA = 'https://ctia.test:443/ctia';
const WORDS: ActualJudgement['words'] = {
  ...{ disposition: 2, source: 'acme lists', priority: 95, severity: 'Medium', confidence: 'High', tlp: 'amber' },
};

const OTHER: Observable = { type: 'ip', value: '198.51.100.70' };
const SOME_TIME = 2 ** 30;

/** Few, so that they come again; one is none of ours. */
const hs = Array.from({ length: 6 }, (_, n) => createHash('sha256').update(String(n)).digest('hex')).concat('no-hash');
const id = fc.oneof(
  { weight: 8, arbitrary: fc.uuid().map((uuid) => `${CTIA}/judgement/judgement-${uuid}`) },
  // What does not fit: no uuid, capitals, nothing but a uuid's length.
  {
    weight: 1,
    arbitrary: fc.constantFrom('judgement-7', `${CTIA}/judgement-1234567A-0000-4000-8000-000000000000`, 'x'.repeat(36)),
  },
);
const link = fc
  .record({
    id: id.map((it) => it.replaceAll('judgement', 'relationship')),
    g: fc.nat(3),
    target: fc.constantFrom('indicator-ip', 'indicator-domain'),
    tlp: fc.constantFrom('amber', 'green'),
  })
  .map((it) => ({ ...it }));
const reference: fc.Arbitrary<ActualJudgement['references'][number]> = fc
  .record({
    source_name: fc.constantFrom('acme/tor', 'acme/adhoc-allow', 'others'),
    external_id: fc.constantFrom(
      'c0ffee:feeds/tor.yaml:12',
      'c0ffee:feeds/tor.yaml:4711',
      'bad:0',
      'no line',
      ':1',
      'a\nb:7',
    ),
    description: fc.constantFrom('lifetime 7d', 'lifetime 14d'),
  })
  .map((it) => ({ ...it }));
const judgement: fc.Arbitrary<Omit<ActualJudgement, 'h'>> = fc.record({
  id,
  g: fc.nat(5),
  observable: fc
    .record({
      type: fc.constantFrom('ip', 'domain', 'url'),
      value: fc.constantFrom(
        '198.51.100.7',
        '198.51.100.77',
        'example.org',
        'bücher.example',
        '例え.example',
        '',
        'x'.repeat(70_000),
      ),
    })
    .map((it) => ({ ...it })),
  words: fc.constantFrom(WORDS, { ...WORDS, reason: 'scanner' }, { ...WORDS, tlp: 'green' as const }),
  start: fc.nat(),
  end: fc.oneof(fc.nat(), fc.constant(Number.NaN)),
  once: fc.boolean(),
  lifetimeMs: fc.constantFrom(undefined, 604_800_000, 0.5),
  references: fc.oneof(
    { weight: 5, arbitrary: reference.map((it) => [it]) },
    { weight: 1, arbitrary: fc.constantFrom<ActualJudgement['references'][]>([], [{ source_name: 'acme/tor' }]) },
    { weight: 1, arbitrary: fc.tuple(reference, reference) },
  ),
  links: fc.oneof(
    { weight: 5, arbitrary: link.map((it) => [it]) },
    { weight: 1, arbitrary: fc.array(link, { maxLength: 3 }) },
  ),
});
const step = fc.oneof(
  fc.record({
    is: fc.constant('set' as const),
    h: fc.constantFrom(...hs),
    those: fc.array(judgement, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ is: fc.constant('add' as const), h: fc.constantFrom(...hs), one: judgement }),
  fc.record({ is: fc.constant('delete' as const), h: fc.constantFrom(...hs) }),
  fc.record({ is: fc.constant('copy' as const) }),
);

function check(columns: JudgementColumns, model: ReadonlyMap<string, readonly ActualJudgement[]>): void {
  const inOrder = (entries: Iterable<readonly [string, unknown]>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(inOrder(columns), inOrder(model));
  assert.deepEqual(inOrder(columns.entries()), inOrder(model));
  assert.deepEqual([...columns.keys()].sort(), [...model.keys()].sort());
  assert.equal(columns.size, model.size);
  const meeting = columns.meeting();
  const asked = new Set(hs.filter((h, n) => n % 2 === 0 && layHex(h)));
  for (const h of hs) {
    const those = model.get(h);
    assert.deepEqual(columns.get(h), those);
    assert.equal(columns.has(h), model.has(h));
    if (!asked.has(h) || !layHex(h)) continue;
    const seen = meeting.onDesk();
    if (typeof seen !== 'number') {
      assert.equal(those?.length, 1);
      assert.deepEqual(said(seen), said(those?.[0] as Glance));
      for (const one of [those?.[0]?.observable as Observable, OTHER])
        assert.equal(isOf(seen, one), sameObservable(seen.observable, one));
    } else if ((those?.length ?? 0) !== 1) assert.equal(Math.min(seen, 2), Math.min(those?.length ?? 0, 2));
  }
  assert.deepEqual([...meeting.notAsked()].sort(), [...model.keys()].filter((h) => !layHex(h) || !asked.has(h)).sort());
  const before = ({ once, lifetimeMs }: GlanceKind) => (once ? NEVER : lifetimeMs === undefined ? ALWAYS : SOME_TIME);
  const ending = [...model.values()].flat().filter((it) => it.end < before(it));
  assert.deepEqual(
    Array.from(glances(columns, before), (it) => JSON.stringify(said(it))).sort(),
    ending.map((it) => JSON.stringify(said(it))).sort(),
  );
  const all = [...model.values()].flat().map((it) => JSON.stringify(said(it)));
  assert.deepEqual(Array.from(glances(columns), (it) => JSON.stringify(said(it))).sort(), all.sort());
}

function said({ h, observable, words, start, end, once, lifetimeMs, links, references }: Glance) {
  const linked = links.map(({ target, tlp }) => [target, tlp]);
  const lists = references.map(({ source_name }) => source_name);
  return { h, observable, words, start, end, once, lifetimeMs, linked, lists };
}

test('columns hold what a map of the same judgements holds, whatever is set, added and deleted; a copy goes its own way', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let columns = makeJudgementColumns();
      let model = new Map<string, ActualJudgement[]>();
      const left: [JudgementColumns, Map<string, ActualJudgement[]>][] = [];
      for (const it of steps) {
        if (it.is === 'set') {
          const those = it.those.map((one) => ({ ...one, h: it.h }));
          columns.set(it.h, those);
          model.set(it.h, those);
        } else if (it.is === 'add') {
          const one = { ...it.one, h: it.h };
          columns.add(one);
          model.set(it.h, [...(model.get(it.h) ?? []), one]);
        } else if (it.is === 'delete') {
          columns.delete(it.h);
          model.delete(it.h);
        } else {
          left.push([columns, model]);
          columns = columns.copy();
          model = new Map(model);
        }
      }
      for (const [each, its] of [...left, [columns, model] as const]) check(each, its);
    }),
    { numRuns: 100 },
  );
});

test('more keys than a piece of memory holds are found again, those of a copy too', () => {
  const keys = makeHashKeys(H_DESK);
  const all = Array.from({ length: 40_000 }, (_, n) => createHash('sha256').update(`key ${n}`).digest('hex'));
  for (const [n, h] of all.entries()) {
    layHex(h);
    assert.equal(keys.add(), n);
  }
  const copy = keys.copy();
  for (const [n, h] of all.entries()) {
    layHex(h);
    if (keys.find() !== n || keys.add() !== n || copy.find() !== n || keys.hex(n) !== h) assert.fail(`${n} ${h}`);
  }
  layHex(createHash('sha256').update('another').digest('hex'));
  assert.equal(copy.find(), -1);
  assert.equal(copy.add(), all.length);
  assert.equal(keys.size, all.length);
});
