import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommandLine, USAGE } from './command-line.ts';

test('npm run sim: what a person may ask for', () => {
  assert.deepEqual(parseCommandLine([]), { what: 'all', from: 1, count: 200 });
  assert.deepEqual(parseCommandLine(['--seeds', '50', '--from', '1000']), { what: 'all', from: 1000, count: 50 });
  assert.deepEqual(parseCommandLine(['17']), { what: 'one', story: 'in process', seed: 17, steps: undefined });
  assert.deepEqual(parseCommandLine(['17', '--steps', '1,4']), {
    ...{ what: 'one', story: 'in process', seed: 17 },
    steps: [1, 4],
  });
  assert.deepEqual(parseCommandLine(['2', '--story', 'two tenants']), {
    ...{ what: 'one', story: 'two tenants', seed: 2 },
    steps: undefined,
  });
  assert.deepEqual(parseCommandLine(['--planted', 'page']), { what: 'planted', word: 'page' });
  for (const args of [['--help'], ['-h'], ['17', '--help']]) assert.deepEqual(parseCommandLine(args), { what: 'help' });
});

test('npm run sim: what it does not understand it names, and shows the usage', () => {
  for (const [args, why] of [
    [['--sedes', '3'], /Unknown option '--sedes'/],
    [['--seeds'], /--seeds <value>/],
    [['--planted=yes'], /--planted/],
    [['seventeen'], /a seed is a number; found seventeen/],
    [['-17'], /Unknown option '-1'/],
    [['1', '2'], /one seed or word is expected; found 1 2/],
    [['--seeds', 'many'], /--seeds is a number; found many/],
    [['--from', '1.5'], /--from is a number; found 1\.5/],
    [['17', '--seeds', '3'], /--seeds does not go with one seed/],
    [['--steps', '1'], /--steps does not go with no seed/],
    [['--planted', '--from', '3'], /--from does not go with --planted/],
    [['17', '--story', 'of a fox'], /there is no story "of a fox"; there are in process, /],
    [['17', '--story', 'two tenants', '--steps', '1'], /--steps goes with the story "in process" only/],
    [['17', '--steps', '1,99'], /--steps are numbers from 0 to \d, as 1,4; found 1,99/],
    [['17', '--steps', ''], /--steps are numbers/],
  ] as const) {
    const asked = parseCommandLine(args);
    assert.equal(asked.what, 'wrong', args.join(' '));
    assert.match(asked.what === 'wrong' ? asked.why : '', why);
  }
  for (const option of ['--steps', '--story', '--seeds', '--from', '--planted', '--help'])
    assert.match(USAGE, new RegExp(option));
});
