import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Format, sourceItems } from '../../../src/lists/formats/formats.ts';
import type { SourceItem } from '../../../src/lists/formats/items.ts';

/** One text for each item: values stand as they are, with the line they are in; all else by what it is. */
function itemsOf(text: string, format: Format, column?: string | number): string[] {
  return [...sourceItems(text, { format, ...(column !== undefined && { column }) })].map(shown);
}

function shown(item: SourceItem): string {
  if (item.is === 'value') return `${item.line} ${item.value}`;
  return item.is === 'invalid' ? `${item.line} invalid: ${item.message}` : `${item.line} ${item.is}`;
}

describe('text', () => {
  it('is one value a line, of a table the first column', () => {
    assert.deepEqual(itemsOf('\ufeff# head\r\n\r\n11.22.33.44\t10\r\n11.22.33.0/24 ; SBL1\n! x\n// y', 'text'), [
      '1 comment',
      '2 blank',
      '3 11.22.33.44',
      '4 11.22.33.0/24',
      '5 comment',
      '6 comment',
    ]);
  });
});

describe('hosts', () => {
  it('lists the names, and not those of the machine itself or of a network', () => {
    const text =
      '# a\n127.0.0.1 localhost\n0.0.0.0 evil.example worse.example # why\n10.1.2.3 printer.example\n0.0.0.0\nx y\n';
    assert.deepEqual(itemsOf(text, 'hosts'), [
      '1 comment',
      '2 left out',
      '3 evil.example',
      '3 worse.example',
      '4 left out',
      '5 invalid: no line of a hosts file: expected is an address and a name, such as 0.0.0.0 name',
      '6 invalid: no line of a hosts file: expected is an address and a name, such as 0.0.0.0 name',
    ]);
  });
});

describe('adblock', () => {
  it('lists hosts, and leaves out what a feed cannot say', () => {
    const text = [
      '[Adblock Plus 2.0]',
      '! head',
      '||evil.example^',
      '||worse.example^$all,important',
      '||pages.example^$third-party',
      '@@||good.example^',
      'shop.example##.banner',
      '/ads[0-9]+/',
      '||11.22.33.44^',
      'plain.example',
      '|https://evil.example/x?y=1|',
      '',
      '||many*.example^',
    ].join('\n');
    assert.deepEqual(itemsOf(text, 'adblock'), [
      '1 comment',
      '2 comment',
      '3 evil.example',
      '4 worse.example',
      '5 left out',
      '6 left out',
      '7 left out',
      '8 left out',
      '9 11.22.33.44',
      '10 plain.example',
      '11 https://evil.example/x?y=1',
      '12 blank',
      '13 left out',
    ]);
  });

  it('T8 makes no name of a URL', () => {
    assert.deepEqual(itemsOf('||hoster.example/bad.exe$all\nhoster.example/bad.exe\n', 'adblock'), [
      '1 left out',
      '2 left out',
    ]);
  });
});

describe('dnsmasq', () => {
  it('lists the names that lead nowhere', () => {
    const text = [
      '# head',
      'address=/evil.example/0.0.0.0',
      'address=/a.example/b.example/#',
      'server=/worse.example/',
      'local=/gone.example/',
      'server=/corp.example/10.0.0.1',
      'bogus-nxdomain=11.22.33.44',
      '??',
    ].join('\n');
    assert.deepEqual(itemsOf(text, 'dnsmasq'), [
      '1 comment',
      '2 evil.example',
      '3 a.example',
      '3 b.example',
      '4 worse.example',
      '5 gone.example',
      '6 left out',
      '7 left out',
      '8 invalid: no line of dnsmasq: expected is address=/name/0.0.0.0',
    ]);
  });
});

describe('rpz', () => {
  it('lists the names and addresses that a zone blocks', () => {
    const text = [
      '$TTL 60',
      '$ORIGIN rpz.example.',
      '@ IN SOA localhost. root.localhost. (',
      '  1 ; serial',
      '  60 60 60 60 )',
      '  NS localhost.',
      '; remark',
      'evil.test CNAME .',
      '*.evil.test CNAME .',
      'worse.test.rpz.example. 300 IN CNAME *.',
      'good.test CNAME rpz-passthru.',
      'walled.test A 127.0.0.1',
      '24.0.33.22.11.rpz-ip CNAME .',
      '48.zz.33.22.2a0b.rpz-ip CNAME rpz-drop.',
      'ns.test.rpz-nsdname CNAME .',
      'what is this',
    ].join('\n');
    assert.deepEqual(itemsOf(text, 'rpz'), [
      '1 left out',
      '2 left out',
      '3 left out',
      '4 left out',
      '5 left out',
      '6 left out',
      '7 comment',
      '8 evil.test',
      '9 left out',
      '10 worse.test',
      '11 left out',
      '12 walled.test',
      '13 11.22.33.0/24',
      '14 2a0b:22:33::/48',
      '15 left out',
      '16 invalid: no record of a response policy zone: expected is "name CNAME ."',
    ]);
  });
});

describe('csv', () => {
  it('takes the column by name or number, with quotes, comments and a head or none', () => {
    const text = '# made by hand\n"type","value","note"\nip,11.22.33.44,"a ""quoted"", note"\n\nip , 11.22.33.45 ,\n';
    const taken = ['3 11.22.33.44', '4 blank', '5 11.22.33.45'];
    assert.deepEqual(itemsOf(text, 'csv', 'Value'), ['1 comment', '2 comment', ...taken]);
    assert.deepEqual(itemsOf(text, 'csv', 2), ['1 comment', '2 comment', ...taken]);
    assert.deepEqual(itemsOf('11.22.33.44,a\n11.22.33.45,b\n', 'csv'), ['1 11.22.33.44', '2 11.22.33.45']);
  });

  it('finds the separator', () => {
    assert.deepEqual(itemsOf('deadbeefdeadbeefdeadbeefdeadbeef;one, two\n', 'csv'), [
      '1 deadbeefdeadbeefdeadbeefdeadbeef',
    ]);
    assert.deepEqual(itemsOf('11.22.33.0\t11.22.33.255\t24\n', 'csv', '{1}/{3}'), ['1 11.22.33.0/24']);
    assert.deepEqual(itemsOf('a|b\nx|11.22.33.44\n', 'csv', 'b'), ['1 comment', '2 11.22.33.44']);
    assert.deepEqual(itemsOf('ip\n11.22.33.44\n', 'csv', 'ip'), ['1 comment', '2 11.22.33.44']);
  });

  it('finds the head in the comment above the first record', () => {
    const text = '# list of 2026\n# "first_seen","dst_ip"\n"2026-11-25","11.22.33.44"\n';
    assert.deepEqual(itemsOf(text, 'csv', 'dst_ip'), ['1 comment', '2 comment', '3 11.22.33.44']);
  });

  it('accounts for each line of a record that has several, and for fields that are not there', () => {
    const text = 'value,note\n11.22.33.44,"two\nlines"\nshort\n,empty\n';
    assert.deepEqual(itemsOf(text, 'csv', 'note'), [
      '1 comment',
      '2 two\nlines',
      '3 comment',
      '4 invalid: there is no column note: this record has 1',
      '5 empty',
    ]);
    assert.deepEqual(itemsOf(text, 'csv', 'value').slice(-1), ['5 left out']);
  });

  it('says which columns there are', () => {
    assert.match(itemsOf('a,b\n1,2\n', 'csv', 'c')[0] ?? '', /no column "c": the first record has "a", "b"/);
  });

  it('builds URLs of several columns', () => {
    const text = 'host,path\nevil.example,x.exe\n';
    assert.deepEqual(itemsOf(text, 'csv', 'http://{host}/{path}').slice(1), ['2 http://evil.example/x.exe']);
  });
});

describe('json', () => {
  it('takes the texts of an array', () => {
    assert.deepEqual(itemsOf('["11.22.33.44",\n"11.22.33.45"]\n', 'json'), ['1 11.22.33.44', '2 11.22.33.45']);
  });

  it('goes by the column, through arrays and any key, to the line where a value stands', () => {
    const text =
      '{"data": [\n {"ips": ["11.22.33.44"], "url": "http:\\/\\/evil.example\\/x"},\n {"ips": [], "url": null},\n {}\n]}';
    assert.deepEqual(itemsOf(text, 'json', 'data.ips'), ['2 11.22.33.44', '2 left out']);
    assert.deepEqual(itemsOf(text, 'json', 'data.url'), ['2 http://evil.example/x', '2 left out', '2 left out']);
    assert.deepEqual(itemsOf('{"1": {"ip": "11.22.33.44"}, "2": {"ip": "11.22.33.45"}}', 'json', '*.ip'), [
      '1 11.22.33.44',
      '1 11.22.33.45',
    ]);
  });

  it('reads one document a line', () => {
    assert.deepEqual(itemsOf('{"ip":"11.22.33.44"}\n\n{"ip":\n{"ip":"11.22.33.45"}\n', 'json', 'ip'), [
      '1 11.22.33.44',
      '2 blank',
      '3 invalid: this line is no JSON',
      '4 11.22.33.45',
    ]);
  });

  it('says where it does not find a text', () => {
    assert.match(itemsOf('[{"ip": 1}]', 'json')[0] ?? '', /object with "ip": "column" names the way/);
    assert.match(itemsOf('[{"ip": 1}]', 'json', 'ip')[0] ?? '', /"1" stands where a text is expected/);
    assert.match(itemsOf('<html>', 'json', 'ip')[0] ?? '', /no JSON/);
  });
});
