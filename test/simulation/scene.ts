import type { Report } from '../../src/reconcile/report.ts';
import type { OfOthers } from './adopting.ts';
import type { Auditor } from './auditor.ts';
import type { ByHand, Lists } from './lists.ts';
import type { Commit, RunWish, World } from './world.ts';

/** What a story is about, from step to step. */
export interface Scene {
  readonly world: World;
  readonly auditor: Auditor;
  readonly lists: Lists;
  readonly commits: Commit[];
  /** What people said past the lists. */
  readonly byHand: ByHand[];
  readonly say: (line: string) => void;
  /** How much of the time between two runs goes by: a tenant whose quota is used up lets runs take hours. */
  readonly stepMsMax: number;
  /** The latest commit cannot be read whole. */
  isBroken: boolean;
  /** When a run last went through, so that what had to be renewed was. */
  renewedAt: number;
  /** What others made and no entry names yet; paths of the judgements that one did name. */
  readonly ofOthers: OfOthers[];
  readonly named: Set<string>;
  /** The lists before the latest edits. */
  before: Lists | undefined;
  /** Whether bulk routes may have been closed: what was made anew may still stand beside what it follows. */
  readonly wasClosed: boolean;
}

export function headOf({ commits }: Pick<Scene, 'commits'>): Commit {
  const head = commits.at(-1);
  if (head === undefined) throw new Error('there is no commit');
  return head;
}

export function toldOf({ result, counts, held, failures }: Report): string {
  const done = Object.entries(counts).flatMap(([kind, count]) => (count > 0 ? [`${count} ${kind}`] : []));
  const why = [...held.map(({ rule }) => rule), ...failures.map(({ message }) => message)];
  return [result, done.join(', ') || 'nothing done', ...why].join('; ');
}

/** A firewall pulls after every write, whatever became of it. */
export function watchedRun(scene: Scene, { between, ...wish }: RunWish): Promise<Report> {
  return scene.world.run(headOf(scene), {
    ...wish,
    between: async (request, send) => {
      try {
        return await (between ? between(request, send) : send(request));
      } finally {
        if (request.method !== 'GET') await scene.auditor.look(`at ${request.method} ${new URL(request.url).pathname}`);
      }
    },
  });
}
