import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { type SourceFormat, sourceItems } from '../../../src/lists/formats/formats.ts';
import { sourceLines } from '../../../src/lists/formats/items.ts';
import { type SourceCounts, surveySource } from '../../../src/lists/source-survey.ts';

const DATA = path.resolve('..', 'shared', 'data', 'lists');
const skip = existsSync(DATA) ? false : 'there is no ../shared/data';

/** Each real list, the format that names it, and what is taken, left out and invalid of it. */
const FILES: Readonly<Record<string, readonly [SourceFormat, taken: number, leftOut: number, invalid: number]>> = {
  'cidr/dshield-block.txt': [{ format: 'csv', column: '{1}/{3}' }, 20, 0, 0],
  'cidr/firehol_level1.netset': [{ format: 'text' }, 2892, 0, 0],
  'cidr/spamhaus-drop.txt': [{ format: 'text' }, 1699, 0, 0],
  'cidr/spamhaus-dropv6.txt': [{ format: 'text' }, 91, 0, 0],
  'csv/sophos-qakbot.csv': [{ format: 'csv', column: 'Data', type: 'sha256' }, 40, 117, 73],
  'defanged/unit42-qakbot-iocs.txt': [{ format: 'text', refang: true }, 0, 0, 96],
  'defanged/unit42-systembc-domains.txt': [{ format: 'text', refang: true }, 23, 0, 9],
  'domain/urlhaus-agh-online.txt': [{ format: 'adblock' }, 2853, 0, 0],
  'domain/urlhaus-dnsmasq-online.conf': [{ format: 'dnsmasq' }, 619, 0, 0],
  'domain/urlhaus-domains-online.txt': [{ format: 'text', type: 'domain' }, 619, 2234, 0],
  'domain/urlhaus-hosts-online.txt': [{ format: 'hosts' }, 619, 0, 0],
  'hash/malicious-hash-sha1.txt': [{ format: 'text' }, 605, 0, 0],
  'hash/signature-base-hash-iocs.txt': [{ format: 'csv', column: 1, type: 'sha256' }, 1259, 1965, 0],
  'ip/doh-servers-ipv6.txt': [{ format: 'text' }, 183, 0, 0],
  'ip/tor-exit-nodes.lst': [{ format: 'text', type: 'ip' }, 1127, 619, 0],
  'ipv4/ipsum-level3.txt': [{ format: 'text' }, 14217, 0, 0],
  'ipv4/ipsum.txt': [{ format: 'csv', column: 1 }, 120430, 0, 0],
  'json/threatgrid-rat-dns.json': [{ format: 'json', column: 'domain' }, 114, 0, 0],
  'mixed/signature-base-c2-iocs.txt': [{ format: 'csv', column: 1, type: 'ip' }, 129, 1709, 6],
  'url/atomspam-urls.txt': [{ format: 'text' }, 1992, 0, 800],
  'url/urlhaus-online.txt': [{ format: 'adblock' }, 2854, 3509, 0],
  'url/urlhaus-splunk-online.csv': [{ format: 'csv', column: 'host', type: 'ip' }, 2234, 4129, 0],
};

describe('real lists are read by naming their format', { skip }, () => {
  for (const [file, [format, taken, leftOut, invalid]] of Object.entries(FILES)) {
    it(file, async () => {
      const text = readFileSync(path.join(DATA, file), 'utf8');
      const { counts } = await surveySource(text, format, async () => undefined);
      const { comments: _, blanks: __, ...shown }: SourceCounts = counts;
      assert.deepEqual(shown, { taken, leftOut, invalid });
      const accounted = new Set([...sourceItems(text, format)].map(({ line }) => line));
      assert.deepEqual(accounted.size, [...sourceLines(text)].length);
    });
  }

  it('none is forgotten', () => {
    const files = readdirSync(DATA, { recursive: true, encoding: 'utf8' }).filter((file) => file.includes('.'));
    assert.deepEqual(files.sort(), Object.keys(FILES).sort());
  });
});
