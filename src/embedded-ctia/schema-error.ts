import type { z } from 'zod';
import { schemaRefusal } from './refusal.ts';

/**
 * CTIA's answer to a body or query that does not fit its schema: a tree that mirrors the input, with a leaf where
 * something is wrong. Lists stay aligned with the input, `null` for what is good.
 */
export function parseOrRefuse<T>(schema: z.ZodType<T>, input: unknown): T {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw schemaRefusal(`(not (map? ${clojure(input)}))`);
  }
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw schemaRefusal(errorTree(parsed.error.issues, input));
}

type Tree = { [key: string]: Tree | string } | (Tree | string | null)[];

export function errorTree(issues: readonly z.core.$ZodIssue[], input: unknown): unknown {
  if (issues.length === 1 && issues[0]?.path.length === 0 && issues[0].code !== 'unrecognized_keys') {
    return leaf(issues[0], input);
  }
  const root = emptyLike(input);
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) plant(root, input, [...issue.path, key], 'disallowed-key');
    } else {
      plant(root, input, issue.path, leaf(issue, at(input, issue.path)));
    }
  }
  return root;
}

function plant(root: Tree, input: unknown, path: readonly PropertyKey[], value: string): void {
  let node = root;
  let position = input;
  for (const [depth, step] of path.entries()) {
    const key = String(step);
    position = at(position, [step]);
    const last = depth === path.length - 1;
    const child = Array.isArray(node) ? node[Number(key)] : node[key];
    // Of two things wrong in one place the outer one is told.
    if (typeof child === 'string') return;
    const next = last ? value : (child ?? emptyLike(position));
    if (Array.isArray(node)) {
      while (node.length < Number(key)) node.push(null);
      node[Number(key)] = next;
    } else node[key] = next;
    if (typeof next === 'string') return;
    node = next;
  }
}

function emptyLike(input: unknown): Tree {
  // Aligned from the start: a list whose last elements are good still has its full length. Any key may be one of an object.
  return Array.isArray(input) ? input.map(() => null) : Object.create(null);
}

function at(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, step)?.value;
  }
  return value;
}

const PREDICATES: Readonly<Record<string, string>> = {
  int: 'integer?',
  number: 'integer?',
  string: 'instance? java.lang.String',
  boolean: 'instance? java.lang.Boolean',
  object: 'map?',
  record: 'map?',
  array: 'sequential?',
};

function leaf(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined) return 'missing-required-key';
  switch (issue.code) {
    case 'invalid_type':
      return `(not (${PREDICATES[issue.expected] ?? `${issue.expected}?`} ${clojure(value)}))`;
    case 'invalid_value':
      return `(not (#{${issue.values.map((one) => clojure(one)).join(' ')}} ${clojure(value)}))`;
    case 'custom':
      if (issue.message === 'instant') return instantLeaf(value);
      // A number of a query string arrives as text: %n shows it as the number it was read as.
      return issue.message.replace('%n', () => clojure(Number(value))).replace('%', () => clojure(value));
    default:
      return `(not (valid? ${clojure(value)}))`;
  }
}

/** Here CTIA answers with a Java stack trace of several kilobytes, so a client that logs errors has to cut them. */
function instantLeaf(value: unknown): string {
  const frames = Array.from({ length: 40 }, (_, i) => `\tat clojure.lang.RestFn.applyTo(RestFn.java:${137 + i})`);
  return `(not (throws? java.lang.IllegalArgumentException: Invalid format: ${clojure(value)}\n${frames.join('\n')}))`;
}

/** As Clojure prints it. What is nested deeper than anybody reads is cut. */
function clojure(value: unknown, levels = 20): string {
  if (value === undefined || value === null) return 'nil';
  if (typeof value !== 'object') return JSON.stringify(value);
  if (levels === 0) return '…';
  if (Array.isArray(value)) return `[${value.map((item) => clojure(item, levels - 1)).join(' ')}]`;
  const entries = Object.entries(value).map(([key, item]) => `:${key} ${clojure(item, levels - 1)}`);
  return `{${entries.join(', ')}}`;
}
