import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LogFindings } from '../../../src/incidents/log/findings.ts';
import { followLog, type LogPosition } from '../../../src/incidents/log/follow-log.ts';
import { checkpointFile } from '../../../src/incidents/log/log-checkpoint.ts';
import { DAY } from '../../../src/runtime/clock.ts';

interface Followed {
  readonly lines: string[];
  readonly notices: string[];
  readonly position: LogPosition | undefined;
}

/** Each step happens when everything before it was read; then the process stops. */
async function follow(path: string, steps: (() => void)[], from?: LogPosition): Promise<Followed> {
  const stop = new AbortController();
  const waiting = [...steps];
  const clock = {
    now: () => 0,
    async sleep() {
      const step = waiting.shift();
      if (step === undefined) stop.abort(new Error('stopped'));
      else step();
      stop.signal.throwIfAborted();
    },
  };
  const lines: string[] = [];
  const notices: string[] = [];
  let position = from;
  const notice = (message: string) => notices.push(message);
  try {
    for await (const piece of followLog({ path, clock, signal: stop.signal, from, notice })) {
      lines.push(...piece.lines);
      position = piece.position;
    }
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
  }
  assert.deepEqual(waiting, []);
  return { lines, notices, position };
}

function logFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'follow-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'access.log');
}

test('what is appended is told, a line once it has an end', async (t) => {
  const log = logFile(t);
  writeFileSync(log, 'one\ntw');
  const { lines } = await follow(log, [
    () => appendFileSync(log, 'o\nthree\n'),
    () => {},
    () => appendFileSync(log, 'fo'),
  ]);
  assert.deepEqual(lines, ['one', 'two', 'three']);
});

test('a log that is not there yet is waited for', async (t) => {
  const log = logFile(t);
  const { lines, notices } = await follow(log, [() => {}, () => writeFileSync(log, 'one\n')]);
  assert.deepEqual([lines, notices], [['one'], []]);
});

test('after a restart reading goes on behind the last whole line', async (t) => {
  const log = logFile(t);
  writeFileSync(log, 'one\ntw');
  const before = await follow(log, []);
  assert.deepEqual(before.lines, ['one']);
  appendFileSync(log, 'o\nthree\n');
  const after = await follow(log, [], before.position);
  assert.deepEqual([after.lines, after.notices], [['two', 'three'], []]);
});

test('a renamed log is read to its end, what is written to it late included, then the new one', async (t) => {
  const log = logFile(t);
  writeFileSync(log, 'one\n');
  const { lines } = await follow(log, [
    () => {
      appendFileSync(log, 'two\n');
      renameSync(log, `${log}.1`);
      writeFileSync(log, 'four\n');
    },
    () => appendFileSync(`${log}.1`, 'three'),
    () => {},
    () => appendFileSync(log, 'five\n'),
  ]);
  assert.deepEqual(lines, ['one', 'two', 'three', 'four', 'five']);
});

test('a log that was renamed while nobody read is read on under its other name', async (t) => {
  const log = logFile(t);
  writeFileSync(log, 'one\n');
  const before = await follow(log, []);
  appendFileSync(log, 'two\n');
  renameSync(log, `${log}-20261125`);
  writeFileSync(log, 'three\n');
  const after = await follow(log, [() => {}, () => {}], before.position);
  assert.deepEqual([after.lines, after.notices], [['two', 'three'], []]);
});

test('a log that was cut to nothing is read from its beginning', async (t) => {
  const log = logFile(t);
  writeFileSync(log, 'one\ntwo\n');
  const { lines } = await follow(log, [
    () => {
      truncateSync(log);
      appendFileSync(log, 'new\n');
    },
    () => {},
  ]);
  assert.deepEqual(lines, ['one', 'two', 'new']);
});

test('another file in the place of one that is gone is read whole, and the loss is told once', async (t) => {
  const log = logFile(t);
  writeFileSync(log, 'one\n');
  const before = await follow(log, []);
  // The same number of a file perhaps, and longer: only its beginning tells it from the one before.
  rmSync(log);
  writeFileSync(log, 'ONE\ntwo\nthree\n');
  const after = await follow(log, [() => {}], before.position);
  assert.deepEqual(after.lines, ['ONE', 'two', 'three']);
  assert.equal(after.notices.length, 1);
  assert.match(after.notices[0] ?? '', /is another file than when it was last read/);
});

test('a checkpoint comes back as it was written, and one that was spoilt is told', async (t) => {
  const folder = join(logFile(t), '..', 'logs');
  const kept = checkpointFile(folder, '/var/log/access.log', DAY);
  assert.equal(await kept.read(), undefined);
  const position = { device: 1, inode: 2, offset: 3, head: { bytes: 3, sha256: 'x' } };
  const findings: LogFindings[] = [
    {
      ...{ source: 'access.log', campaign: { start: 0, end: DAY }, beyond: { requests: 1 } },
      findings: [
        {
          attacker: { type: 'ip', value: '203.0.113.7' },
          rule: {
            ...{ name: 'r', title: 't', description: 'd', severity: 'High', confidence: 'High' },
            techniques: ['T1190'],
          },
          ...{ count: 1, firstSeen: 1, lastSeen: 2 },
          samples: [{ time: 1, request: 'GET /', status: 200, userAgent: 'x' }],
          target: { host: 'a.example', paths: ['/'] },
        },
      ],
    },
  ];
  await kept.write({ position, findings });
  assert.deepEqual(await checkpointFile(folder, '/var/log/access.log', DAY).read(), { position, findings });
  assert.equal(await checkpointFile(folder, '/var/log/other.log', DAY).read(), undefined);
  writeFileSync(kept.file, readFileSync(kept.file, 'utf8').replace('"High"', '"Huge"'));
  const spoilt = await kept.read();
  assert.ok(spoilt !== undefined && 'wrong' in spoilt);
  assert.match(spoilt.wrong, /severity/);
  writeFileSync(kept.file, '{');
  assert.deepEqual(await kept.read(), { wrong: 'it is no JSON' });
});
