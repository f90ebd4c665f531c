import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TextStore } from './last-good.ts';

/** Texts as files below a folder, for who works alone. A file is written beside its place and moved there. */
export function makeTextFolder(folder: string): TextStore {
  return {
    async get(key) {
      try {
        return await readFile(join(folder, key), 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async set(key, text) {
      const file = join(folder, key);
      const draft = `${file}.${randomUUID()}`;
      await mkdir(dirname(file), { recursive: true });
      await writeFile(draft, text, { mode: 0o600 });
      await rename(draft, file);
    },
    remove: (key) => rm(join(folder, key), { force: true }),
  };
}
