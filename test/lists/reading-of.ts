import { problemLine } from '../../src/ctim/problem.ts';
import { type Reading, type ReadOptions, readLists } from '../../src/lists/reading.ts';

export const NOW = Date.parse('2026-11-25T12:00:00.000Z');

/** A feeds folder written as an object: path → text. What is no list and not `settings.yaml` can be named in `entries_from`. */
export type Folder = Readonly<Record<string, string>>;

export function readingOf(
  folder: Folder,
  options: Partial<Pick<ReadOptions, 'now' | 'adhocAllow' | 'cache' | 'knowledge'>> = {},
): Promise<Reading> {
  const { now = NOW, adhocAllow = [], cache, knowledge } = options;
  const lists = Object.entries(folder).filter(([path]) => path.endsWith('.yaml') && path !== 'settings.yaml');
  const settings = folder['settings.yaml'];
  return readLists(
    {
      folder: 'feeds',
      ...(settings !== undefined && { settings: { text: settings } }),
      lists: new Map(lists.map(([path, text]) => [path, { text }])),
      textFile: async (path) => {
        const text = folder[path];
        return text === undefined ? { fault: { code: 'unreadable', message: 'it does not exist' } } : { text };
      },
    },
    { now, adhocAllow, cache, knowledge, pause: async () => {} },
  );
}

/** Problems as a person reads them. */
export async function problemsOf(folder: Folder, options?: Parameters<typeof readingOf>[1]): Promise<string[]> {
  return (await readingOf(folder, options)).problems.map(problemLine);
}

/** What would be published, sorted: `ip 45.66.35.11`. */
export function publishedIn({ entries }: Reading): string[] {
  return entries.map(({ observable }) => `${observable.type} ${observable.value}`).sort();
}

export function countsIn({ lists }: Reading): Record<string, number>[] {
  return lists.map(({ accepted, duplicates, unsupported, invalid }) => ({
    accepted,
    duplicates,
    unsupported,
    invalid,
  }));
}
