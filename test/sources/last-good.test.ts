import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeLastGood, type NewCopy, QUARANTINED_CHARS_MAX } from '../../src/sources/last-good.ts';
import { makeTextFolder } from '../../src/sources/text-folder.ts';

const COUNTS = { taken: 1, comments: 0, blanks: 0, leftOut: 0, invalid: 0 };
const copyOf = (text: string, fetchedAt: number): NewCopy => ({ text, fetchedAt, validators: {}, counts: COUNTS });
const error = (at: number) => ({ at, kind: 'empty', message: 'it is empty' });

describe('last good copies in a folder', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'last-good-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  const open = () => makeLastGood(makeTextFolder(folder));

  it('are none at first', async () => {
    assert.deepEqual(await open().facts('none'), { failures: 0, nextPullAt: 0, quarantined: [] });
    assert.equal(await open().copy('none'), undefined);
  });

  it('are found by the next process, and replaced whole', async () => {
    await open().keep('tor', copyOf('a\n', 1), 10);
    await open().keep('tor', { ...copyOf('b\n', 2), churn: { added: 1, removed: 1 } }, 20);
    const found = await open().copy('tor');
    assert.equal(found?.text, 'b\n');
    assert.deepEqual([found?.facts.changedAt, found?.facts.bytes, found?.facts.churn?.added], [2, 2, 1]);
    const [kept = ''] = await readdir(folder);
    assert.match(kept, /^tor-[0-9a-f]{8}$/);
    assert.equal((await readdir(join(folder, kept))).length, 2);
  });

  it('tell when their text last changed, and when they were last seen to be right', async () => {
    await open().keep('still', copyOf('a\n', 100), 0);
    await open().keep('still', copyOf('a\n', 200), 0);
    const facts = await open().confirm('still', 300, 400);
    assert.deepEqual([facts.copy?.changedAt, facts.copy?.fetchedAt, facts.nextPullAt], [100, 300, 400]);
  });

  it('stay when a pull fails or is not believed, and what came is kept to be looked at', async () => {
    await open().keep('down', copyOf('a\n', 1), 0);
    await open().fail('down', { at: 2, kind: 'unreachable', message: 'gone' }, 5);
    for (const n of [3, 4, 5, 6, 6]) {
      await open().quarantine('down', { text: `<html>${n}`, validators: { etag: `"${n}"` } }, error(n), 9);
    }
    const facts = await open().facts('down');
    assert.equal((await open().copy('down'))?.text, 'a\n');
    assert.equal(facts.failures, 6);
    assert.deepEqual(
      facts.quarantined.map(({ at }) => at),
      [6, 5, 4],
    );
    const [newest] = facts.quarantined;
    assert.equal(await open().quarantinedText('down', newest?.digest ?? ''), '<html>6');
    const good = await open().keep('down', copyOf('b\n', 7), 0);
    assert.deepEqual([good.failures, good.error, good.quarantined], [0, undefined, []]);
    assert.equal(await open().quarantinedText('down', newest?.digest ?? ''), undefined);
  });

  it('keep of an answer without end its beginning, and say so', async () => {
    const text = 'x'.repeat(QUARANTINED_CHARS_MAX + 1);
    const { quarantined } = await open().quarantine('vast', { text, validators: {} }, error(1), 9);
    assert.deepEqual([quarantined[0]?.whole, quarantined[0]?.bytes], [false, text.length]);
    assert.equal((await open().quarantinedText('vast', quarantined[0]?.digest ?? ''))?.length, QUARANTINED_CHARS_MAX);
  });

  it('of names that differ in one sign are two', async () => {
    await open().keep('a/b', copyOf('slash\n', 1), 0);
    await open().keep('a-b', copyOf('hyphen\n', 1), 0);
    assert.equal((await open().copy('a/b'))?.text, 'slash\n');
    assert.equal((await open().copy('a-b'))?.text, 'hyphen\n');
  });
});
