/** Bulk PUT, with which we renew and withdraw, asks for every `create-*` right: casebooks and assets (target records) included. */
const NEEDED: readonly (readonly string[])[] = [
  ['private-intel'],
  ['casebook'],
  ['asset'],
  ['inspect', 'inspect:read'],
];

/** Needed and not granted. `private-intel:read`, or the scope of one entity, does not stand for `private-intel`. */
export function missingScopes(granted: readonly string[]): string[] {
  return NEEDED.filter((any) => !any.some((scope) => granted.includes(scope))).map((any) => any.at(-1) ?? '');
}

const OTHER_SCOPES: readonly (readonly [scope: string, kinds: RegExp])[] = [
  ['casebook', /-casebook$/],
  ['asset', /-(?:asset|asset-mapping|asset-properties|target-record)$/],
];

/** The scopes that grant these capabilities, each whole. */
export function scopesFor(capabilities: readonly string[]): string[] {
  const scopeOf = (it: string) => OTHER_SCOPES.find(([, kinds]) => kinds.test(it))?.[0] ?? 'private-intel';
  return [...new Set(capabilities.map(scopeOf))];
}
