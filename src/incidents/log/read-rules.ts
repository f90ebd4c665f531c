import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from '../../ctim/problem.ts';
import { type AttackRule, readRule } from './attack-rule.ts';

/** The rules that come with the product, for access logs of web servers: `rules/apache`, beside `dist`. */
export const SHIPPED_RULES = join(import.meta.dirname, '..', '..', '..', '..', 'rules', 'apache');

export interface Rules {
  readonly rules: readonly AttackRule[];
  readonly problems: readonly Problem[];
}

/**
 * One rule in each `*.yaml` of these folders. A rule of a later folder takes the place of one of the same name before it, so
 * that a shipped one can be changed; two alike in one folder are a mistake.
 */
export async function readRules(folders: readonly string[]): Promise<Rules> {
  const byName = new Map<string, { rule: AttackRule; folder: string }>();
  const problems: Problem[] = [];
  for (const folder of folders) {
    const files = await ruleFiles(folder);
    if (files.length === 0) {
      const message = 'there is no rule (*.yaml) in this folder: name the one that they lie in';
      problems.push({ severity: 'error', code: 'no-rules', message, file: folder, line: 1, column: 1 });
    }
    for (const file of files) {
      const read = readRule(file, await readFile(file, 'utf8'));
      problems.push(...read.problems);
      if (read.rule === undefined) continue;
      const { name } = read.rule;
      const known = byName.get(name);
      if (known?.folder === folder) {
        const message = `the rule ${name} stands in ${known.rule.file} already: give one of them another name`;
        problems.push({ severity: 'error', code: 'rule-twice', message, file, line: 1, column: 1 });
      } else byName.set(name, { rule: read.rule, folder });
    }
  }
  return { rules: [...byName.values()].map(({ rule }) => rule), problems };
}

async function ruleFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'))
    .sort()
    .map((name) => join(folder, name));
}
