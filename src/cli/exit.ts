import { CtiaError } from '../ctia/error.ts';
import { EmbeddedCtiaError } from '../embedded-ctia/error.ts';
import { RedisError } from '../jobs/redis-connection.ts';
import { FeedOnOtherIndicator } from '../reconcile/feeds.ts';
import { RenameRefused } from '../reconcile/rename-owner.ts';
import type { RunResult } from '../reconcile/report.ts';
import { ConfigError } from '../runtime/config.ts';

/** The same everywhere: scripts and pipelines decide by it. */
export const EXIT = { done: 0, problems: 1, usage: 2, held: 3, failed: 4, notVerified: 5 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

const OF_RESULT: Readonly<Record<RunResult, Exit>> = {
  verified: EXIT.done,
  problems: EXIT.problems,
  held: EXIT.held,
  'not-verified': EXIT.notVerified,
};

export function exitOfResult(result: RunResult): Exit {
  return OF_RESULT[result];
}

/** What a person did wrong, said by the command itself: nothing was changed. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused';
  readonly exit: Exit;
  constructor(exit: Exit, message: string) {
    super(message);
    this.exit = exit;
  }
}

export function exitOfError(error: unknown): Exit | undefined {
  if (error instanceof CommandRefused) return error.exit;
  if (error instanceof ConfigError) return EXIT.usage;
  if (error instanceof RenameRefused) return EXIT.problems;
  if (error instanceof CtiaError || error instanceof EmbeddedCtiaError || error instanceof RedisError)
    return EXIT.failed;
  if (error instanceof FeedOnOtherIndicator) return EXIT.failed;
  if (!(error instanceof Error)) return undefined;
  // Redis's own refusals (a full disk, no memory), the system's and the store's.
  if (error.name === 'ReplyError') return EXIT.failed;
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^(?:E[A-Z]+|SQLITE_[A-Z_]+)$/.test(code) ? EXIT.failed : undefined;
}
