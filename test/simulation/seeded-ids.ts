import crypto, { createHash, type UUID } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/**
 * From here on every UUID of this process is drawn from the seed. The embedded server sorts pages by id, so without this
 * a seed would tell another story each time; a switch for it in the server would be one for tests alone.
 */
export function seedIds(seed: number): void {
  let n = 0;
  crypto.randomUUID = () => {
    n += 1;
    const hex = createHash('sha256').update(`${seed} ${n}`).digest('hex');
    const groups = [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `8${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ];
    return groups.join('-') as UUID;
  };
  syncBuiltinESMExports();
}
