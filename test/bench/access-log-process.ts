import { createReadStream } from 'node:fs';
import { logPieces } from '../../src/incidents/log/log-lines.ts';
import { makeAttackReading } from '../../src/incidents/log/read-attacks.ts';
import { readRules, SHIPPED_RULES } from '../../src/incidents/log/read-rules.ts';
import { DAY } from '../../src/runtime/clock.ts';

/** Reads one log as `incident from-log` does, in a process of its own whose memory is then told. Argument: the file. */
export interface ReadLog {
  readonly lines: number;
  readonly unread: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly peakMiB: number;
  /** Requests, by rule. */
  readonly found: Readonly<Record<string, number>>;
  readonly findings: number;
}

const file = process.argv[2] ?? '';
const { rules } = await readRules([SHIPPED_RULES]);
const began = performance.now();
const before = process.cpuUsage();
const reading = makeAttackReading({ rules, source: 'bench', windowMs: DAY });
for await (const lines of logPieces(createReadStream(file, { highWaterMark: 256 * 1024 }))) {
  for (const line of lines) reading.read(line);
}
const { user, system } = process.cpuUsage(before);
const campaigns = reading.findings();
const { lines, requests } = reading.counts();
const found: Record<string, number> = {};
for (const { findings } of campaigns)
  for (const { rule, count } of findings) found[rule.name] = (found[rule.name] ?? 0) + count;
const told: ReadLog = {
  ...{ lines, unread: lines - requests, cpuSeconds: (user + system) / 1e6 },
  seconds: (performance.now() - began) / 1000,
  peakMiB: process.resourceUsage().maxRSS / 1024,
  found,
  findings: campaigns.reduce((sum, { findings }) => sum + findings.length, 0),
};
process.send?.(told);
