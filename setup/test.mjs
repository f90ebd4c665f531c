import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, ROOT, runSetup } from './prepare.mjs';
import { processesWorkingIn, runTests } from './test-process.mjs';

const MINUTE = 60_000;
/** On an idle machine it takes eight or nine minutes; what hangs is to be named, and a slow machine is no failure. */
const SUITE_LIMIT_MS = 20 * MINUTE;
const FILE_LIMIT_MS = 4 * MINUTE;
const GROUP_LIMIT_MS = 10 * MINUTE;
const AT_ONCE = 2;
/** These watch a clock for a minute and need little of the machine: they run beside the others, from the start. */
const WATCHING = ['jobs/never-short', 'jobs/killed-worker'];
const COMPILED = join('dist', 'test');
const TOGETHER_IN_ONE = join('setup', 'tests-together.mjs');
/**
 * The tests of these folders run together in one process, row by row: to load the product takes longer than most of them. They
 * change neither directory nor environment, listen on free ports and close what they open. The first row opens nothing.
 */
const TOGETHER = [
  ['ctim', 'plan', 'lists', 'runtime', 'why'],
  ['embedded-ctia'],
  ['reconcile'],
  ['ctia', 'sources', 'notify', 'web', 'incidents'],
];

/** `npm test` runs everything; `npm test -- jobs config` the files with one of these words in their path. */
await runSetup(async () => {
  await prepare();
  const words = process.argv.slice(2);
  const files = testFiles().filter((file) => words.length === 0 || words.some((word) => sourceOf(file).includes(word)));
  if (files.length === 0) {
    process.stderr.write(`no test file has ${words.join(' or ')} in its path\n`);
    process.exitCode = 2;
    return;
  }
  process.exitCode = await runSuite(inProcesses(files));
});

/** @typedef {import('./test-process.mjs').TestProcess} TestProcess */
/** @typedef {import('./test-process.mjs').TestResult} TestResult */

/** @param {TestProcess[]} processes @returns {Promise<number>} */
async function runSuite(processes) {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'ctim-test-'));
  const stop = new AbortController();
  const suiteLimit = setTimeout(
    () => stop.abort(`stopped: the suite took ${SUITE_LIMIT_MS / MINUTE} minutes`),
    SUITE_LIMIT_MS,
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort(`stopped by ${signal}`));
  // The tests' own temporary folders go below ours: they are removed with it, and show who was left behind.
  const env = { ...process.env, TMPDIR: folder };
  delete env.NODE_OPTIONS;

  const isWatching = (/** @type {TestProcess} */ { name }) => WATCHING.some((part) => name.includes(part));
  const waiting = processes.filter((one) => !isWatching(one));
  const watching = processes.filter(isWatching);
  /** @type {TestResult[]} */
  const results = [];
  const runOneAfterAnother = async (/** @type {TestProcess[]} */ queue) => {
    for (let next = queue.shift(); next !== undefined && !stop.signal.aborted; next = queue.shift()) {
      const result = await runTests(ROOT, next, { signal: stop.signal, env });
      results.push(result);
      process.stdout.write(`\n${next.name} (${result.seconds.toFixed(1)} s)\n${result.output}`);
      for (const failure of result.failures) process.stdout.write(`✖ ${next.name} ${failure}\n`);
    }
  };
  const lanes = [watching, ...Array(AT_ONCE).fill(waiting)];
  await Promise.all(lanes.map(runOneAfterAnother));
  clearTimeout(suiteLimit);

  const leftBehind = processesWorkingIn(folder);
  for (const pid of leftBehind) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return summarise(results, processes.length - results.length, leftBehind, (performance.now() - began) / 1000);
}

/**
 * @param {TestResult[]} results
 * @param {number} notRun
 * @param {number[]} leftBehind
 * @param {number} seconds
 */
function summarise(results, notRun, leftBehind, seconds) {
  const sum = (/** @type {(result: TestResult) => number} */ of) =>
    results.reduce((total, result) => total + of(result), 0);
  const failed = results.filter((result) => result.failed > 0 || result.failures.length > 0);
  const lines = [''];
  const leftOut = results.flatMap((result) => result.leftOut.map((test) => ({ ...test, file: result.name })));
  for (const reason of new Set(leftOut.map((test) => test.reason))) {
    const tests = leftOut.filter((test) => test.reason === reason);
    lines.push(`left out, ${reason}:`, ...tests.map(({ file, name }) => `  ${file}: ${name}`));
  }
  for (const { name, failed: count, failures } of failed) {
    lines.push(`FAILED ${name}: ${[...(count > 0 ? [`${count} tests`] : []), ...failures].join('; ')}`);
  }
  if (notRun > 0) lines.push(`${notRun} test processes were not run`);
  if (leftBehind.length > 0) lines.push(`FAILED: processes ${leftBehind.join(', ')} were left behind (ended now)`);
  lines.push(
    `${sum((result) => result.passed)} passed, ${sum((result) => result.failed)} failed, ${leftOut.length} left out, ` +
      `in ${results.length} processes and ${seconds.toFixed(1)} s`,
  );
  process.stdout.write(`${lines.join('\n')}\n`);
  return failed.length > 0 || notRun > 0 || leftBehind.length > 0 ? 1 : 0;
}

/** Those that run together first: the pure ones tell soonest, and the long ones fill both lanes. @param {string[]} files @returns {TestProcess[]} */
function inProcesses(files) {
  const groups = TOGETHER.map((folders) =>
    files.filter((file) => folders.some((folder) => file.startsWith(join(COMPILED, folder, '/')))),
  );
  const alone = files.filter((file) => !groups.some((group) => group.includes(file)));
  return [
    ...groups.flatMap((group, n) => {
      const name = `${group.length} files of ${TOGETHER[n]?.join(', ')}`;
      return group.length === 0 ? [] : [{ name, args: [TOGETHER_IN_ONE, ...group], limitMs: GROUP_LIMIT_MS }];
    }),
    ...alone.map((file) => ({ name: sourceOf(file), args: [file], limitMs: FILE_LIMIT_MS })),
  ];
}

function testFiles() {
  return readdirSync(join(ROOT, COMPILED), { recursive: true })
    .map((name) => join(COMPILED, String(name)))
    .filter((path) => path.endsWith('.test.js'))
    .sort();
}

/** @param {string} file */
function sourceOf(file) {
  return file.replace(/^dist\//, '').replace(/\.js$/, '.ts');
}
