import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stored } from '../../src/embedded-ctia/kinds.ts';
import { parseLucene, type Query } from '../../src/embedded-ctia/query-language.ts';
import { matches } from '../../src/embedded-ctia/query-match.ts';
import { parseSimple } from '../../src/embedded-ctia/simple-query.ts';

const NOW = Date.parse('2026-11-25T08:00:00.000Z');
const FEED = {
  id: 'http://ctia.example/ctia/indicator/indicator-00000000-0000-4000-8000-000000000001',
  source: 'Acme Threat Desk',
  title: 'Blocked addresses of the botnet operators',
  description: "The attacker's servers; flying 10.0.0.1 happily",
  tags: ['C2', 'tor-exit'],
  revision: 3,
  modified: '2026-11-20T08:00:00.000Z',
  valid_time: { end_time: '2026-12-02T08:00:00.000Z' },
  secret: 'hunter2',
} as unknown as Stored;

function check(query: Query, found: boolean, told: string, fields?: readonly string[]): void {
  assert.equal(matches(query, FEED, { fields, now: NOW }), found, told);
}

test('10.23 text is found by its stems, without stop words; everything else is a lower-cased whole', () => {
  const cases: readonly (readonly [query: string, found: boolean])[] = [
    ['blocking address', true],
    ['title:(operator AND botnets)', true],
    ['title:"the blocked addresses"', true],
    ['title:"addresses blocked"', false],
    ['title:"botnet operation"', true],
    ['the', false],
    ['the botnet', true],
    ['title:the AND source:nobody', false],
    ['NOT the', false],
    ['botnet -the', true],
    ['attacker', true],
    ['description:fly', true],
    ['10.0.0.1', true],
    ['acme', false],
    ['source:"acme threat desk"', true],
    ['source:acme*', true],
    ['source:a?me*desk', true],
    ['title:oper*', true],
    ['title:*nets', false],
    ['tags:tor-exit', true],
    ['tags:tor', false],
    ['hunter2', false],
    ['secret:hunter2', false],
    ['_exists_:tags', true],
    ['_exists_:secret', false],
    ['_exists_:producer', false],
    ['revision:>=3', true],
    ['revision:>3', false],
    ['revision:[1 TO 3}', false],
    ['modified:[now-7d TO now]', true],
    ['modified:>=now-1d', false],
    ['valid_time.end_time:[now TO *]', true],
    ['valid_time.end_time:[* TO 2026-12-01]', false],
    ['id:indicator-00000000-0000-4000-8000-000000000001', true],
    ['id:*000001', true],
    ['nothing OR botnet AND operators', true],
    ['(nothing OR botnet) AND missing', false],
    ['botnet && !missing || nothing', true],
    ['title:a\\:b', false],
  ];
  for (const [query, found] of cases) check(parseLucene(query), found, query);
});

test('a wildcard that could be split in very many ways is answered at once', () => {
  const document = { title: 'x', source: 'a'.repeat(5000) } as unknown as Stored;
  const query = parseLucene(`source:${'a*'.repeat(40)}b`);
  assert.equal(matches(query, document, { fields: undefined, now: NOW }), false);
});

test('10.27 simple_query: its signs bind from left to right, and nothing makes it fail', () => {
  const cases: readonly (readonly [query: string, found: boolean])[] = [
    ['blocked botnet', true],
    ['blocked missing', false],
    ['missing | botnet', true],
    ['missing + botnet', false],
    // Left to right: (botnet | nothing) + missing.
    ['botnet | nothing + missing', false],
    ['nothing + missing | botnet', true],
    ['botnet -missing', true],
    ['botnet -blocked', false],
    ['"blocked addresses"', true],
    ['"blocked botnet"', false],
    ['"blocked botnet"~2', true],
    ['oper*', true],
    ['botmet', false],
    ['botmet~1', true],
    ['butmets~', true],
    ['xutmet~1', false],
    ['(missing | botnet) operators', true],
    ['*', true],
    ['"acme threat desk"', true],
    ['botnet "open', false],
    ['(botnet', true],
    ['botnet)', true],
    ['title:botnet', false],
    ['http://example.com/a?b=[c]', false],
    ['2001:db8::1', false],
    ['\\', false],
    ['"', false],
    ['+|-', false],
    ['', false],
    ['the', false],
    ['the botnet', true],
  ];
  for (const [query, found] of cases) check(parseSimple(query), found, query);
});

test('10.27 search_fields say where terms without a field look', () => {
  check(parseLucene('botnet'), false, 'not in the description', ['description', 'source']);
  check(parseLucene('botnet'), true, 'in the title', ['title']);
  check(parseLucene('source:acme* AND attackers'), true, 'a field of its own stays', ['description']);
  check(parseSimple('attackers'), false, 'simple', ['title']);
});

test('4.1 AND and OR say of the clauses beside them whether they must be there, and bind nothing', () => {
  const finds = (query: string) => {
    const sets = ['x', 'y', 'z', 'xy', 'xz', 'yz', 'xyz'];
    const found = sets.filter((tags) =>
      matches(parseLucene(query), { ...FEED, tags: Array.from(tags) }, { fields: ['tags'], now: 0 }),
    );
    return found.join(' ');
  };
  const table: [query: string, found: string][] = [
    ['x y', 'xy xyz'],
    ['x OR y', 'x y xy xz yz xyz'],
    ['x OR y z', 'z xz yz xyz'],
    ['x (y OR z)', 'xy xz xyz'],
    ['x AND y OR z', 'x xy xz xyz'],
    ['(x AND y) OR z', 'z xy xz yz xyz'],
    ['x OR y AND z', 'yz xyz'],
    ['x OR (y AND z)', 'x xy xz yz xyz'],
    ['x OR y OR z', 'x y z xy xz yz xyz'],
    ['x OR NOT y', 'x xz'],
    ['NOT x OR y', 'y yz'],
    ['NOT x', 'y z yz'],
    ['-x -y', 'z'],
    ['x AND NOT y', 'x xz'],
    ['x && !y', 'x xz'],
    ['+x y', 'xy xyz'],
    ['+x OR y', 'x y xy xz yz xyz'],
  ];
  for (const [query, found] of table) assert.equal(finds(query), found, query);
});

test('4.1 ranges of dates: a bound without a time of day is its end where that day is to be in it or behind', () => {
  const table: [query: string, found: boolean][] = [
    ['modified:[2026-11-20 TO 2026-11-20]', true],
    ['modified:[2026-11-01 TO 2026-11-20}', false],
    ['modified:{2026-11-20 TO *]', false],
    ['modified:{2026-11-19 TO *]', true],
    ['modified:>2026-11-20', false],
    ['modified:>=2026-11-20', true],
    ['modified:<=2026-11-20', true],
    ['modified:<2026-11-20', false],
    ['modified:"2026-11-20T08:00:00.000Z"', true],
    ['modified:[2026-11-20T08:00:00Z TO 2026-11-20T08:00:00Z]', true],
    ['modified:[now-5d TO now]', true],
    ['modified:{now-5d TO now]', false],
  ];
  for (const [query, found] of table) check(parseLucene(query), found, query);
});
