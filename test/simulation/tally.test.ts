import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sumOf, tallyLine, tallyOf } from './tally.ts';

test('a tally counts what the lines of stories say, whoever ran', () => {
  const inProcess = tallyOf([
    'step 0',
    '  11-25 02:00:00  commit 2: tor: nothing; BROKEN: two of its name',
    '  11-25 02:00:00  somebody moves a link: 198.51.100.4, 70b64c1c',
    '  11-25 02:00:01  somebody blocks a.evil.example in firewall-block for 1 hours',
    '  11-25 02:00:01  fault: slow {"ms":9607} on GET bulk after 2, 1 times',
    '  11-25 02:00:01  the run ended: Crash',
    '  11-25 02:00:10  run, forced: verified; 1 link',
  ]);
  const others = tallyOf([
    'step 0',
    '    0.4 s  one worker is killed at once',
    '    1.8 s  sync: held',
    '  one: verified',
  ]);
  assert.equal(
    tallyLine(sumOf([inProcess, others])),
    '2 steps, 1 commits, 1 broken commits, 1 by hand, 1 others, runs (2 verified, 1 held), 2 died, faults drawn (1 slow)',
  );
});
