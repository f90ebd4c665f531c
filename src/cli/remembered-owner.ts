import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../runtime/config.ts';

/**
 * Whose entries these are stands in the settings. A worker that is started again while those cannot be read must go on
 * renewing, so workers note it in the data folder, by tenant: it is said once and never changed.
 */
const FILE = 'owners.json';

type Whose = Pick<Config, 'dataDir' | 'tenant'>;

export function rememberOwner(config: Whose, owner: string): void {
  const owners = readOwners(config);
  if (owners[keyOf(config)] === owner) return;
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const text = JSON.stringify({ ...owners, [keyOf(config)]: owner }, null, 2);
  writeFileSync(join(config.dataDir, FILE), `${text}\n`);
}

export function rememberedOwner(config: Whose): string | undefined {
  return readOwners(config)[keyOf(config)];
}

function keyOf({ tenant }: Whose): string {
  return tenant.kind === 'remote' ? tenant.ctiaUrl : 'embedded';
}

function readOwners({ dataDir }: Whose): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(join(dataDir, FILE), 'utf8');
  } catch {
    // No worker ran here before, or the folder cannot be read: then nothing is remembered.
    return {};
  }
  return JSON.parse(text) as Record<string, string>;
}
