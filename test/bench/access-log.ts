import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeMatchRules } from '../../src/incidents/match-rules.ts';
import { readRules, SHIPPED_RULES } from '../../src/incidents/read-rules.ts';
import type { Releases } from '../../src/runtime/release.ts';
import type { ReadLog } from './access-log-process.ts';
import { KNOWN_PAYLOADS } from './known-payloads.ts';
import { atLeast, atMost, type Measure, plain } from './measure.ts';
import { ordinaryLines } from './ordinary-traffic.ts';

/**
 * Logs of which somebody else said what they are: the requests in each that are the attack, the rules that are right in it, and
 * of those the ones that are to find it (the others find what else is in it). `../shared/data/apache`, where it is there.
 */
const LABELLED: readonly { file: string; attacks: number; finds: readonly string[]; right?: readonly string[] }[] = [
  { file: 'crowdsec-apache-cve-2021-41773.log', attacks: 3, finds: ['path-traversal'], right: ['command-injection'] },
  {
    ...{ file: 'crowdsec-apache-http-probing.log', attacks: 77, finds: ['missing-page-scan', 'remote-file-inclusion'] },
    right: ['command-injection'],
  },
  { file: 'crowdsec-apache2-logs.log', attacks: 1, finds: ['scanner-agent'] },
  { file: 'crowdsec-apache_log4j2_cve-2021-44228.log', attacks: 3, finds: ['log4shell'] },
  { file: 'crowdsec-http-wordpress-scan.log', attacks: 8, finds: ['wordpress-scan'] },
  { file: 'crowdsec-nginx-http-sqli-probing.log', attacks: 16, finds: ['sql-probing', 'sql-injection'] },
  { file: 'crowdsec-nginx-http-xss-probing.log', attacks: 26, finds: ['xss-probing', 'cross-site-scripting'] },
  { file: 'w3af.txt', attacks: 3926, finds: ['scanner-agent'], right: ['missing-page-scan'] },
];

const LABELLED_FOLDER = resolve('..', 'shared', 'data', 'apache');
const ATTACKERS = 200_000;

export interface AccessLogBench {
  readonly folder: string;
  readonly lines: number;
  readonly releases: Releases;
}

export async function accessLogMeasures({ folder, lines, releases }: AccessLogBench): Promise<Measure[]> {
  const ordinary = await readInProcess(written(join(folder, 'ordinary.log'), ordinaryLines(lines)), releases);
  const attackers = await readInProcess(written(join(folder, 'attackers.log'), attackLines()), releases);
  const wrong = Object.values(ordinary.found).reduce((sum, count) => sum + count, 0);
  return [
    atLeast(
      `${lines} ordinary lines: lines a second of one core`,
      ordinary.lines / ordinary.cpuSeconds,
      '1/s',
      100_000,
    ),
    plain('ordinary lines: seconds', ordinary.seconds, 's'),
    atMost('ordinary lines: peak memory', ordinary.peakMiB, 'MiB', 400),
    atMost('ordinary lines: taken for attacks', wrong, 'requests', 0),
    plain('ordinary lines: not read', ordinary.unread, 'lines'),
    atMost(`${ATTACKERS} attackers of one request each: peak memory`, attackers.peakMiB, 'MiB', 600),
    plain('the same: findings kept', attackers.findings, ''),
    plain('the same: lines a second of one core', attackers.lines / attackers.cpuSeconds, '1/s'),
    ...(await payloadMeasures()),
    ...(existsSync(LABELLED_FOLDER) ? await labelledMeasures(ordinary, releases) : []),
  ];
}

/** Precision: of what a rule found, in the labelled logs and the ordinary one, the part that is right. Recall: of an attack, the part that was found. */
async function labelledMeasures(ordinary: ReadLog, releases: Releases): Promise<Measure[]> {
  const { rules } = await readRules([SHIPPED_RULES]);
  const right = new Map<string, number>();
  const wrong = new Map(Object.entries(ordinary.found));
  const add = (counts: Map<string, number>, rule: string, count: number) =>
    counts.set(rule, (counts.get(rule) ?? 0) + count);
  const recalls: Measure[] = [];
  for (const { file, attacks, finds, right: others = [] } of LABELLED) {
    const { found } = await readInProcess(join(LABELLED_FOLDER, file), releases);
    for (const [rule, count] of Object.entries(found))
      add([...finds, ...others].includes(rule) ? right : wrong, rule, count);
    // Of several rules the one that found most: which requests the others found besides is not counted.
    const most = Math.max(...finds.map((rule) => found[rule] ?? 0));
    recalls.push(plain(`recall of ${finds.join(' or ')} in ${file} (${attacks})`, most / attacks, ''));
  }
  const precisions = rules.flatMap(({ name }) => {
    const all = (right.get(name) ?? 0) + (wrong.get(name) ?? 0);
    return all === 0 ? [] : [plain(`precision of ${name} (${all} found)`, (right.get(name) ?? 0) / all, '')];
  });
  return [...precisions, ...recalls];
}

/** Recall of what attackers are known to send, one request each. */
async function payloadMeasures(): Promise<Measure[]> {
  const { rules } = await readRules([SHIPPED_RULES]);
  const matchRules = makeMatchRules(rules);
  return KNOWN_PAYLOADS.flatMap(({ kind, rules: finds, field, seen, unseen }) => {
    const isFound = (text: string): boolean => {
      const target = field === 'target' ? text : '/';
      const request = {
        client: '192.0.2.1',
        time: 0,
        request: `GET ${target} HTTP/1.1`,
        method: 'GET',
        status: 404,
        bytes: 0,
      };
      const line = { ...request, target, ...(field === 'userAgent' && { userAgent: text }) };
      return matchRules(line).some((rule) => finds.includes(rules[rule]?.name ?? ''));
    };
    const recall = (what: string, texts: readonly string[]) =>
      plain(`recall of known ${kind}, ${what} (${texts.length})`, texts.filter(isFound).length / texts.length, '');
    return [recall('seen', seen), recall('unseen', unseen)];
  });
}

function* attackLines(): Generator<string> {
  for (let n = 0; n < ATTACKERS; n++) {
    const client = `198.${18 + Math.floor(n / 65_536)}.${Math.floor(n / 256) % 256}.${n % 256}`;
    yield `${client} - - [25/Nov/2026:12:00:00 +0000] "GET /x/${n}?f=../../../../etc/hostname HTTP/1.1" 200 1 "-" "x"`;
  }
}

const LINES_AT_ONCE = 5000;

function written(file: string, lines: Generator<string>): string {
  const log = openSync(file, 'w');
  let some: string[] = [];
  for (const line of lines) {
    some.push(`${line}\n`);
    if (some.length < LINES_AT_ONCE) continue;
    writeSync(log, some.join(''));
    some = [];
  }
  writeSync(log, some.join(''));
  closeSync(log);
  return file;
}

async function readInProcess(file: string, releases: Releases): Promise<ReadLog> {
  const child = fork(new URL('./access-log-process.js', import.meta.url), [file]);
  releases.add('reading a log', () => void child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`reading ${file} ended without an answer`)));
  const [told] = (await Promise.race([once(child, 'message'), ended])) as [ReadLog];
  return told;
}
