import type { GuardKnowledge } from '../lists/guards/guards.ts';
import type { Config } from '../runtime/config.ts';
import { configuredHosts } from './configured-hosts.ts';

/**
 * What guards go by besides the settings, asked for before each reading of lists. The answer is the same object as long as
 * nothing of it changed, so that what was read with it need not be read again.
 */
export function makeGuardKnowledge(config: Config): () => Promise<GuardKnowledge> {
  let known: Promise<GuardKnowledge> | undefined;
  return () => {
    known ??= configuredHosts(config).then((configured) => ({ configured, fetched: [] }));
    return known;
  };
}
