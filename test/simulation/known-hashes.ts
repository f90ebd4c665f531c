import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

type Hash = (...args: unknown[]) => Buffer;
const known = new Map<string, Buffer>();

/**
 * From here on a password that this process hashed once is not hashed again. A run asks for a token, a story of days asks
 * for dozens, and the hash behind each is slow on purpose.
 */
export function rememberHashes(): void {
  if (known.size > 0) return;
  const hash = crypto.scryptSync as Hash;
  const remembering: Hash = (...args) => {
    const key = JSON.stringify(args);
    const hashed = known.get(key) ?? hash(...args);
    known.set(key, hashed);
    return hashed;
  };
  crypto.scryptSync = remembering as typeof crypto.scryptSync;
  syncBuiltinESMExports();
}
