import assert from 'node:assert/strict';

/** What is expected of an answer where other fields may stand beside: objects are compared by the keys that are named. */
export function assertHolds(actual: unknown, expected: Readonly<Record<string, unknown>>, message?: string): void {
  assert.deepEqual(named(actual, expected), expected, message);
}

function named(actual: unknown, expected: unknown): unknown {
  if (!isObject(actual) || !isObject(expected)) return actual;
  const keys = Object.keys(expected).filter((key) => key in actual);
  return Object.fromEntries(keys.map((key) => [key, named(actual[key], expected[key])]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
