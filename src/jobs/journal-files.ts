import { appendFile, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isOfRenewals, isWithin, type Journal, type JournalRecord, type Range } from './journal.ts';
import { fromLine, toLine } from './journal-format.ts';

/**
 * The journal of a process that has no Redis: a folder for each tenant and owner, a file of JSON lines for each month,
 * `2026-11.jsonl`. Whole months are let go of, the oldest first.
 */
const BYTES_MAX = 512 * 1024 * 1024;
const FOLDER = 'history';
const FILE = /^\d{4}-\d{2}\.jsonl$/;

/** `tenant`: what keeps apart what one owner did in two of them. */
export function fileJournal(dataDir: string, tenant: string, owner: string, maxBytes: number = BYTES_MAX): Journal {
  return journalIn(join(dataDir, FOLDER, nameOf(`${owner}-${tenant}`)), maxBytes);
}

/** Of each organisation that one was written for. */
export async function fileJournalsOf(
  dataDir: string,
  { ctiaUrl, owner }: { readonly ctiaUrl: string; readonly owner: string },
): Promise<Journal[]> {
  const start = nameOf(`${owner}-${ctiaUrl} `);
  const names = await readdir(join(dataDir, FOLDER)).catch(notThere);
  return names
    .filter((name) => name.startsWith(start))
    .map((name) => journalIn(join(dataDir, FOLDER, name), BYTES_MAX));
}

function nameOf(whose: string): string {
  return whose.replaceAll(/[^A-Za-z0-9.-]+/g, '-');
}

function journalIn(folder: string, maxBytes: number): Journal {
  async function months(): Promise<string[]> {
    const names = await readdir(folder).catch(notThere);
    return names.filter((name) => FILE.test(name)).sort();
  }

  async function linesOf(name: string): Promise<JournalRecord[]> {
    const text = await readFile(join(folder, name), 'utf8');
    return text.split('\n').flatMap((line) => (line === '' ? [] : (fromLine(line) ?? [])));
  }

  return {
    async append(record) {
      await mkdir(folder, { recursive: true });
      const name = `${monthOf(record.at)}.jsonl`;
      // A line that a crash tore ends where the next one begins.
      await appendFile(join(folder, name), `\n${toLine(record)}\n`);
      const all = await months();
      const sizes = await Promise.all(all.map(async (month) => (await stat(join(folder, month))).size));
      let size = sizes.reduce((sum, one) => sum + one, 0);
      for (const [n, month] of all.entries()) {
        if (size <= maxBytes || month === name) return;
        await rm(join(folder, month), { force: true });
        size -= sizes[n] ?? 0;
      }
    },
    async *records(range: Range) {
      for (const name of (await months()).reverse()) {
        if (!isWithin(endOf(name) - 1, { since: range.since }) || !isWithin(startOf(name), { until: range.until }))
          continue;
        for (const record of (await linesOf(name)).reverse()) if (isWithin(record.at, range)) yield record;
      }
    },
    async begins() {
      for (const name of await months()) {
        const oldest = (await linesOf(name)).find((record) => !isOfRenewals(record));
        if (oldest !== undefined) return oldest.at;
      }
      return undefined;
    },
    async forget(before) {
      for (const name of await months()) if (endOf(name) <= before) await rm(join(folder, name), { force: true });
    },
  };
}

function notThere(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, 'yyyy-mm'.length);
}

function startOf(name: string): number {
  return Date.parse(`${name.slice(0, 'yyyy-mm'.length)}-01T00:00:00Z`);
}

function endOf(name: string): number {
  const start = new Date(startOf(name));
  return start.setUTCMonth(start.getUTCMonth() + 1);
}
