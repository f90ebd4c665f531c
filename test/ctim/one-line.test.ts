import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneLine } from '../../src/ctim/one-line.ts';

test('what others wrote stays on its line, moves no cursor and turns nothing round', () => {
  for (const [written, shown] of [
    ['phish,\r\n  case 4711', 'phish, case 4711'],
    ['\u001b[2Jgone\u0007', '[2Jgone'],
    ['exe.\u202egnp\u202c.icu', 'exe. gnp .icu'],
    ['pay\u200bpal\u2066x\u2069', 'pay pal x'],
    ['a\u2028- b\u2029c\u0085d\u00a0e', 'a - b c d e'],
    ['half \ud83e of a raccoon, and a whole \ud83e\udd9d', 'half of a raccoon, and a whole \ud83e\udd9d'],
    ['Umlaut ü, 中文', 'Umlaut ü, 中文'],
  ] as const)
    assert.equal(oneLine(written), shown);
});
