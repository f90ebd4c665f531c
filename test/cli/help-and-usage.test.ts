import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { makeProgram } from '../../src/cli/commands.ts';
import { checkEnded, folderWith, run } from './ctim-feeds-process.ts';
import { runHere } from './in-this-process.ts';

const COMMANDS: [command: string, says: RegExp][] = [
  ['', /check .*parse and validate/s],
  ['up', /--once .*--|--once/s],
  ['check', /--json/],
  ['plan', /change nothing/],
  ['apply', /--yes .*--force .*--digest/s],
  ['work', /several may run/],
  ['enqueue', /sync .*add .*remove .*audit/s],
  ['enqueue sync', /--wait/],
  ['enqueue add', /--for <duration> .*--reason <text>/s],
  ['enqueue remove', /--for <duration>/],
  ['enqueue pull', /upstream of a list/],
  ['upstreams', /show <list>.*accept <list>/s],
  ['enqueue renew', /no list is read.*--wait/s],
  ['enqueue audit', /--wait/],
  ['status', /--json/],
  ['feeds', /--show-secrets/],
  ['doctor', /next step/],
  ['history', /--since <time> .*export/s],
  ['ctia', /--port <port> .*--host <address> .*--public-url <url> .*--client-id <id> .*--client-password <password>/s],
];

test('every command explains itself, with status 0, and opens nothing for that', async (t) => {
  // A folder in which nothing would start: a help that opened a session would fail.
  const folder = folderWith(t, { 'keys/ctr_api_keys.txt': 'nonsense\n' });
  for (const words of [[], ['enqueue', 'add']]) {
    const { stdout } = checkEnded(await run(t, folder, [...words, '--help']), 0);
    assert.equal(stdout, helpOf(words));
  }
  for (const [command, says] of COMMANDS) {
    const help = helpOf(command.split(' ').filter(Boolean));
    assert.match(help, /^Usage: ctim-feeds/);
    assert.match(help, says, command);
    if (command !== '') assert.match(help, /--data <dir>/, 'global options are told too');
  }
});

const WRONG: [args: string[], says: RegExp][] = [
  [['rename-owner', 'Team-One'], /^error: "Team-One" is no owner: expected is the former one/m],
  [['polish'], /unknown command 'polish'/],
  [['plan', '--json', '--markdown'], /^error: --json and --markdown exclude each other$/m],
  [
    ['plan', '--against', 'gone.log'],
    /^error: --against gone\.log cannot be read \(ENOENT.*name an access log, plain or gzip$/m,
  ],
  [['plan', '--fast'], /unknown option '--fast'/],
  [['enqueue', 'add', '11.0.0.1', '--for', '24h'], /required option '--reason <text>' not specified/],
  [['enqueue', 'add'], /required option '--for <duration>' not specified/],
  [['enqueue', 'remove'], /missing required argument 'value'/],
  [['ctia', '--port', 'http'], /--port is http; expected a number/],
  [['ctia', '--client-id', 'me'], /--client-id and --client-password together/],
  [['check', '--log', 'loud'], /--log or CTIM_FEEDS_LOG says "loud"; expected/],
];

test('what is typed wrong ends with status 2 and says what was expected', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': 'action: block\nobservables: [11.0.0.1]\n' });
  for (const [n, [args, says]] of WRONG.entries()) {
    const { stderr } = checkEnded(await (n < 2 ? run(t, folder, args) : runHere(folder, args)), 2);
    assert.match(stderr, says, args.join(' '));
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack for a typing error');
  }
});

test('without a command the help is printed, with status 2', async (t) => {
  const { stderr } = checkEnded(await run(t, folderWith(t, {}), []), 2);
  assert.match(stderr, /^Usage: ctim-feeds/);
});

/** What a command prints of itself. */
function helpOf(words: readonly string[]): string {
  const program = makeProgram({});
  const found = words.reduce<Command | undefined>(
    (command, word) => command?.commands.find((it) => it.name() === word),
    program,
  );
  return found?.helpInformation() ?? assert.fail(`there is no command ${words.join(' ')}`);
}
