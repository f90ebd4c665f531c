import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readLists } from '../../src/lists/reading.ts';

const URL_OF = 'upstream: { url: "https://lists.example/exits.txt" }';

async function read(list: string, texts: Readonly<Record<string, string>> = {}) {
  return readLists(
    {
      folder: 'feeds',
      lists: new Map([['exits.yaml', { text: list }]]),
      settings: { text: 'guards: { documentation: allow }\n' },
      async textFile(path) {
        const text = texts[path];
        return text === undefined ? { fault: { code: 'unreadable', message: 'it does not exist' } } : { text };
      },
    },
    { now: 0, pause: async () => undefined },
  );
}

async function errorsOf(list: string): Promise<string[]> {
  const { problems } = await read(list);
  return problems.map(({ line, column, code, message }) => `${line}:${column} ${code} ${message}`);
}

describe('a list with an upstream', () => {
  it('has the entries of its copy, with a priority of automation and positions in it', async () => {
    const { entries, lists } = await read(`action: block\n${URL_OF}\n`, { '/upstream/exits': '# head\n11.0.0.1\n' });
    const [entry] = entries;
    assert.deepEqual([entry?.observable.value, entry?.terms.priority], ['11.0.0.1', 90]);
    assert.deepEqual(entry?.position, { file: 'upstream exits', line: 2, column: 1 });
    assert.equal(lists[0]?.unknown, undefined);
  });

  it('says a priority of its own', async () => {
    const { entries } = await read(`action: block\ndefaults: { priority: 40 }\n${URL_OF}\n`, {
      '/upstream/exits': '11.0.0.1',
    });
    assert.equal(entries[0]?.terms.priority, 40);
  });

  it('is unknown without a copy, and no error', async () => {
    const { lists, problems, entries } = await read(`action: block\n${URL_OF}\n`);
    assert.deepEqual([lists[0]?.unknown, lists[0]?.accepted, problems, entries], [true, 0, [], []]);
  });

  it('T5 publishes what a guard only warns of, and says of how many lines in one notice', async () => {
    const copy = '172.66.0.227\n11.0.0.1\n172.66.0.228\n';
    const { entries, problems } = await read(`action: block\n${URL_OF}\n`, { '/upstream/exits': copy });
    assert.equal(entries.length, 3);
    assert.deepEqual(
      problems.map(({ severity, code, file, line }) => [severity, code, file, line]),
      [['notice', 'upstream-warned', 'feeds/exits.yaml', 2]],
    );
    assert.match(problems[0]?.message ?? '', /^guards warn of 2 lines of the upstream; first: upstream exits:1 "172/);
  });

  it('reads its format, takes one type, and counts the rest', async () => {
    const upstream = 'upstream: { url: "https://x.example/a", format: csv, column: ip, type: ip, refang: true }';
    const copy = 'ip,note\n11.0[.]0.1,a\n2a0b::1,b\n11.0.0.1,c\nwhat?,d\n11.0.0.2,e\n';
    const { lists, problems } = await read(`action: block\n${upstream}\n`, { '/upstream/exits': copy });
    const { accepted, duplicates, unsupported, invalid } = lists[0] ?? {};
    assert.deepEqual(
      { accepted, duplicates, unsupported, invalid },
      { accepted: 2, duplicates: 1, unsupported: 1, invalid: 1 },
    );
    assert.deepEqual(
      problems.map(({ severity, code, file, line }) => [severity, code, file, line]),
      [['notice', 'upstream-left-out', 'feeds/exits.yaml', 2]],
    );
  });

  it('is unknown where its copy has no entry as it is read now', async () => {
    const list = 'action: block\nupstream: { url: "https://x.example/a", format: csv, column: 2 }\n';
    const { lists, problems } = await read(list, { '/upstream/exits': '11.0.0.1,a\n11.0.0.2,b\n' });
    assert.equal(lists[0]?.unknown, true);
    assert.deepEqual(problems.map(({ severity, code }) => `${severity} ${code}`).sort(), [
      'notice upstream-left-out',
      'notice upstream-unread',
    ]);
    const empty = await read(list.replace('column: 2', 'min_entries: 0'), { '/upstream/exits': '# none\n' });
    assert.equal(empty.lists[0]?.unknown, undefined);
  });

  it('lets a guarded line through where an override forces it', async () => {
    const list = `action: block\n${URL_OF}\noverrides:\n  8.8.8.8: { force: "ours is another" }\n  9.9.9.9: { reason: "not today" }\n`;
    const { entries, problems } = await read(list, { '/upstream/exits': '8.8.8.8\n1.1.1.1\n' });
    assert.deepEqual(
      entries.map(({ observable }) => observable.value),
      ['8.8.8.8'],
    );
    assert.deepEqual(problems.map(({ code }) => code).sort(), ['forced', 'upstream-left-out']);
  });

  it('is told key by key what is wrong', async () => {
    const wrong = [
      'action: block',
      'observables: [11.0.0.1]',
      'upstream:',
      '  url: lists.example/exits.txt',
      '  every: 5s',
      '  max_shrink: half',
      '  column: 2',
      '  min_entrys: 3',
    ].join('\n');
    assert.deepEqual(
      (await errorsOf(wrong)).map((error) => error.replace(/ \(known:.*/, '')),
      [
        '2:1 invalid-key observables stands beside upstream: what people list and what is pulled are two lists, so that each can be judged by itself',
        '4:3 invalid-key upstream.url: no address that can be pulled: write it whole, beginning with https://',
        '5:3 invalid-key upstream.every: "5s" is not from 1m to 7d, such as 1h',
        '6:3 invalid-key upstream.max_shrink: "half" is no share: write a percentage such as 20%',
        '7:3 invalid-key upstream.column: text has no columns: csv and json have',
        '8:3 unknown-key "min_entrys" is no key of upstream; did you mean "min_entries"?',
      ],
    );
    assert.match(
      (await errorsOf('action: block\nupstream: https://x.example\n')).join(),
      /2:11 invalid-key upstream is a map of keys/,
    );
    assert.match((await errorsOf('action: block\nupstream: { format: xml }\n')).join(), /needs the key "url"/);
  });
});

describe('entries_from with a format', () => {
  const LIST =
    'action: block\nentries_from:\n  - plain.txt\n  - { file: hosts.txt, format: hosts }\n  - { file: table.csv, format: csv, column: 2, type: ip }\n';

  it('reads each file as it says, and accounts for its lines', async () => {
    const { lists, problems, entries } = await read(LIST, {
      'plain.txt': '11.0.0.1\n',
      'hosts.txt': '127.0.0.1 localhost\n0.0.0.0 evil.example\nwhat is this\n',
      'table.csv': 'x,11.0.0.2\ny,2a0b::1\n',
    });
    assert.deepEqual(entries.map(({ observable }) => observable.value).sort(), [
      '11.0.0.1',
      '11.0.0.2',
      'evil.example',
    ]);
    const { accepted, unsupported, invalid } = lists[0] ?? {};
    assert.deepEqual({ accepted, unsupported, invalid }, { accepted: 3, unsupported: 2, invalid: 1 });
    assert.deepEqual(
      problems.map(({ severity, code, file, line }) => `${severity} ${code} ${file}:${line}`),
      ['error invalid-line feeds/hosts.txt:3'],
    );
  });

  it('is told what is wrong with it', async () => {
    const wrong = 'action: block\nentries_from:\n  - { file: a.csv, format: csvs }\n  - { format: csv }\n  - 5\n';
    const errors = await errorsOf(wrong);
    assert.match(errors.join('\n'), /3:\d+ invalid-key format is "csvs": expected is one of text, hosts/);
    assert.match(errors.join('\n'), /4:\d+ missing-key an item of entries_from needs the key "file"/);
  });
});
