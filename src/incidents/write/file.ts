import type { z } from 'zod';
import { quoted } from '../../ctim/problem.ts';
import { plainValue } from '../../lists/yaml-check.ts';
import { parseYaml, type YamlNode } from '../../lists/yaml-tree.ts';

/** Something that is wrong with a file, with its place as a person finds it: `case.yaml:12:5 sightings[3].count`. */
export interface FileProblem {
  readonly where: string;
  readonly message: string;
}

type Path = readonly PropertyKey[];

/** What a file says, and where each part of it stands. */
export interface FileContent {
  readonly data: unknown;
  placeOf(path: Path): string;
}

/**
 * YAML or JSON, told apart by the first sign that is no blank: `{` and `[` begin JSON, which may be larger than YAML may be.
 * Places of YAML have a line.
 */
export function contentOf(text: string, name: string): FileContent | { readonly problems: FileProblem[] } {
  if (/^\uFEFF?\s*[[{]/.test(text)) {
    try {
      const data: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
      return { data, placeOf: (path) => `${name} ${pathText(path)}`.trimEnd() };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { problems: [{ where: name, message: `it begins as JSON and is none: ${why}` }] };
    }
  }
  const { tree, faults } = parseYaml(text);
  if (faults.length > 0 || tree === undefined) {
    const problems = faults.map(({ line, column, message }) => ({ where: `${name}:${line}:${column}`, message }));
    return { problems: problems.length > 0 ? problems : [{ where: name, message: 'the file is empty' }] };
  }
  return {
    data: plainValue('', tree),
    placeOf(path) {
      const { line, column } = nodeAt(tree, path);
      return `${name}:${line}:${column} ${pathText(path)}`.trimEnd();
    },
  };
}

/** Held against a schema; what is wrong with it, at `path` in its file. */
export function checked<T>(
  { placeOf }: FileContent,
  schema: z.ZodType<T>,
  value: unknown,
  path: Path,
): { readonly value: T } | { readonly problems: FileProblem[] } {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  const problems = result.error.issues.map((issue) => {
    const found = valueAt(value, issue.path);
    const isText = typeof found === 'string' || typeof found === 'number';
    const shown = isText && !issue.message.includes(quoted(String(found))) ? `${quoted(String(found))}: ` : '';
    return { where: placeOf([...path, ...issue.path]), message: `${shown}${issue.message}` };
  });
  return { problems };
}

/** `sightings[3].observed_time` */
export function pathText(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}

/** The node itself, or the nearest one above that is there. */
function nodeAt(tree: YamlNode, path: Path): YamlNode {
  let node = tree;
  for (const step of path) {
    const next: YamlNode | undefined =
      node.kind === 'map'
        ? node.pairs.find(({ key }) => key.text === step)?.value
        : node.kind === 'list'
          ? node.items[Number(step)]
          : undefined;
    if (next === undefined) return node;
    node = next;
  }
  return node;
}
