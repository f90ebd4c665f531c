/**
 * Loaded before a program (`--import`), it tells on stderr of each turn of the event loop that was the longest so far. What
 * counts is what the process worked meanwhile, not what a busy machine took from it: of a turn the shorter of its time by the
 * clock and by the processor (its own thread's, where Node tells that).
 */
const EVERY_MS = 10;
/** Shorter ones are told of together with what else went on between two looks. */
const TOLD_FROM_MS = 50;

const spent: (before?: NodeJS.CpuUsage) => NodeJS.CpuUsage =
  'threadCpuUsage' in process && typeof process.threadCpuUsage === 'function'
    ? process.threadCpuUsage.bind(process)
    : process.cpuUsage.bind(process);

let longest = TOLD_FROM_MS;
let lookedAt = performance.now();
let before = spent();
process.stderr.write('turns are measured\n');
setInterval(() => {
  const now = performance.now();
  const { user, system } = spent(before);
  const ms = Math.min(now - lookedAt, (user + system) / 1000);
  if (ms > longest) {
    longest = ms;
    process.stderr.write(`longest turn: ${Math.ceil(ms)} ms\n`);
  }
  lookedAt = performance.now();
  before = spent();
}, EVERY_MS).unref();
