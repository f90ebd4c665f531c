import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlantedBug } from './planted.ts';
import { playSeeds } from './seeds.ts';

const SEEDS_MAX = 20;

/** The first thing that a seed says about it, or undefined where twenty seeds say nothing. */
export async function tryPlanted(bug: PlantedBug, compiled: string, atOnce: number): Promise<string | undefined> {
  const root = mkdtempSync(join(tmpdir(), 'planted-'));
  try {
    const copy = join(root, 'dist');
    cpSync(compiled, copy, { recursive: true });
    for (const name of ['package.json', 'node_modules'])
      symlinkSync(realpathSync(join(compiled, '..', name)), join(root, name));
    plant(bug, copy);
    const seeds = Array.from({ length: SEEDS_MAX }, (_, n) => n + 1);
    const found = await playSeeds(seeds, { story: bug.story, compiled: copy, atOnce, tell: () => {} });
    return found && `seed ${found.seed}: ${found.failure}`;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

export function plant({ name, edits }: PlantedBug, compiled: string): void {
  for (const { file, from, to } of edits) {
    const path = join(compiled, 'src', file);
    const text = readFileSync(path, 'utf8');
    const parts = text.split(from);
    if (parts.length !== 2)
      throw new Error(`"${name}": ${file} has the text ${parts.length - 1} times, not once: ${JSON.stringify(from)}`);
    writeFileSync(path, parts.join(to));
  }
}
