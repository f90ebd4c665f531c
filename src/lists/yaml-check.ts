import type { z } from 'zod';
import { quoted } from '../ctim/problem.ts';
import { didYouMean } from './nearest.ts';
import { isNull, type YamlFault, type YamlMap, type YamlNode } from './yaml-tree.ts';

/**
 * Holds a map of the YAML tree against a zod schema, with a place for each complaint. Plain numbers and booleans become
 * such, as YAML 1.2 and every editor read them; so `reason: 1.10` is refused where a text is expected, not turned into 1.1.
 */
export interface Checked<T> {
  readonly value: T | undefined;
  readonly faults: YamlFault[];
}

/** What a key that stands in the wrong place is answered, instead of the nearest known word. Keys in lower case. */
export type Misplaced = ReadonlyMap<string, string>;

const NOTHING: Misplaced = new Map();

export function check<T extends z.ZodRawShape>(
  map: YamlMap,
  schema: z.ZodObject<T>,
  {
    where,
    misplaced = NOTHING,
    as = plainValue,
  }: { where: string; misplaced?: Misplaced; as?: (key: string, node: YamlNode) => unknown },
): Checked<z.infer<z.ZodObject<T>>> {
  const faults: YamlFault[] = [];
  const known = Object.keys(schema.shape);
  const input: Record<string, unknown> = {};
  for (const { key, value } of map.pairs) {
    const at = { line: key.line, column: key.column };
    if (!known.includes(key.text)) {
      const elsewhere = misplaced.get(key.text.toLowerCase());
      const hint = elsewhere === undefined ? didYouMean(key.text, known) : `; ${elsewhere}`;
      faults.push({
        code: 'unknown-key',
        message: `${quoted(key.text)} is no key of ${where}${hint} (known: ${known.join(', ')})`,
        ...at,
      });
    } else if (isNull(value)) {
      const message = `the key ${quoted(key.text)} has no value: write one or remove the key`;
      faults.push({ code: 'null-key', message, ...at });
    } else {
      input[key.text] = as(key.text, value);
    }
  }
  const result = schema.safeParse(input);
  if (result.success) return { value: result.data as z.infer<z.ZodObject<T>>, faults };
  for (const issue of result.error.issues) {
    const node = nodeAt(map, issue.path);
    const key = issue.path.map(String).join('.');
    const at = { line: node.line, column: node.column };
    const missing = issue.path.length === 1 && !((issue.path[0] as string) in input);
    // Its value is null, which is told already.
    if (missing && findKey(map, key) !== undefined) continue;
    if (missing) {
      faults.push({ code: 'missing-key', message: `${where} needs the key ${quoted(key)}: ${issue.message}`, ...at });
    } else {
      const found = node.kind === 'text' ? quoted(node.text) : `a ${node.kind}`;
      faults.push({ code: 'invalid-key', message: `${key} is ${found}: ${issue.message}`, ...at });
    }
  }
  return { value: undefined, faults };
}

/** What YAML 1.2 (core schema) makes of a scalar. */
export function plainValue(_key: string, node: YamlNode): unknown {
  if (node.kind === 'list') return node.items.map((item) => plainValue('', item));
  if (node.kind === 'map')
    return Object.fromEntries(node.pairs.map(({ key, value }) => [key.text, plainValue(key.text, value)]));
  if (!node.plain) return node.text;
  if (isNull(node)) return null;
  if (/^(?:true|True|TRUE)$/.test(node.text)) return true;
  if (/^(?:false|False|FALSE)$/.test(node.text)) return false;
  if (looksLikeNumber(node.text)) return Number(node.text);
  return node.text;
}

export function looksLikeNumber(text: string): boolean {
  return /^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/.test(
    text,
  );
}

export function findKey(map: YamlMap, name: string): YamlNode | undefined {
  return map.pairs.find(({ key }) => key.text === name)?.value;
}

export function textOf(node: YamlNode | undefined): string | undefined {
  return node?.kind === 'text' && !isNull(node) ? node.text : undefined;
}

export function placeOfKey(map: YamlMap, name: string): { line: number; column: number } {
  const key = map.pairs.find((pair) => pair.key.text === name)?.key ?? map;
  return { line: key.line, column: key.column };
}

function nodeAt(map: YamlMap, path: readonly PropertyKey[]): YamlNode {
  let node: YamlNode = map;
  for (const step of path) {
    const next: YamlNode | undefined =
      node.kind === 'map' ? findKey(node, String(step)) : node.kind === 'list' ? node.items[Number(step)] : undefined;
    if (next === undefined) return node;
    node = next;
  }
  return node;
}
