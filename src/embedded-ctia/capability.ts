import { BULK_KINDS, BUNDLE_KINDS } from './kinds.ts';
import { Refusal } from './refusal.ts';

/**
 * A capability is a verb and an entity (`create-judgement`). Scopes grant them:
 *   private-intel                    all of every entity
 *   private-intel:read, :write       read, search, list · create, delete, import-bundle
 *   private-intel/<entity>[:…]       the same of one entity
 *   private-intel/import-bundle      import-bundle
 *   casebook[:…], asset[:…]          of those kinds
 * No scope grants `developer` or `specify-id`.
 */
export function grants(scopes: readonly string[], capability: string): boolean {
  return scopes.some((scope) => scopeGrants(scope, capability));
}

/** Whether a scope is one of these: of Cisco's many others none grants anything here, as a misspelt one does not. */
export function isKnownScope(scope: string): boolean {
  const [, root = '', entity, access] = /^([a-z-]+)(?:\/([a-z-]+))?(?::([a-z]+))?$/.exec(scope) ?? [];
  if (access !== undefined && VERBS[access] === undefined) return false;
  if (root === 'private-intel') return entity === undefined || entity === 'import-bundle' || ENTITIES.has(entity);
  return entity === undefined && ['casebook', 'asset', 'inspect'].includes(root);
}

export function requireCapabilities(
  holder: { login: string; scopes: readonly string[] },
  needed: readonly string[],
): void {
  if (needed.every((capability) => grants(holder.scopes, capability))) return;
  throw missingCapability(needed, holder.login);
}

export function missingCapability(needed: readonly string[], login: string): Refusal {
  return new Refusal(403, {
    message: 'Missing capability',
    error: 'missing_capability',
    capabilities: needed.length === 1 ? needed[0] : needed,
    owner: login,
  });
}

export const CREATE_EVERY_BULK_KIND = BULK_KINDS.map(({ name }) => `create-${name}`);
export const READ_EVERY_BULK_KIND = BULK_KINDS.map(({ name }) => `read-${name}`);
export const DELETE_EVERY_BULK_KIND = BULK_KINDS.map(({ name }) => `delete-${name}`);
export const PATCH_BULK = BULK_KINDS.filter(({ patchSchema }) => patchSchema !== undefined).map(
  ({ name }) => `create-${name}`,
);
/** Of all that bundles hold, the capability to create target records alone is not asked for. */
export const IMPORT_BUNDLE = [
  'import-bundle',
  ...BUNDLE_KINDS.filter(({ name }) => name !== 'target-record').map(({ name }) => `create-${name}`),
];

/** As capabilities spell the plural of a kind: `list-attack-patterns`. */
const listed = (plural: string) => plural.replaceAll('_', '-');

/** Verdicts are asked for as well, though none is ever in a bundle that is exported. */
export const EXPORT_BUNDLE = [
  ...READ_EVERY_BULK_KIND,
  ...BULK_KINDS.map(({ plural }) => `list-${listed(plural)}`),
  'list-verdicts',
];

const VERBS: Readonly<Record<string, readonly string[]>> = {
  read: ['read', 'search', 'list'],
  write: ['create', 'delete'],
};
const NAMES: ReadonlyMap<string, string> = new Map(BULK_KINDS.map(({ plural, name }) => [listed(plural), name]));
const ENTITIES: ReadonlySet<string> = new Set([...BULK_KINDS.map(({ name }) => name), 'feed', 'verdict']);
const ASSET_KINDS = ['asset', 'asset-mapping', 'asset-properties', 'target-record'];

function scopeGrants(scope: string, capability: string): boolean {
  const [path = '', access] = scope.split(':');
  const [root, entity] = path.split('/');
  if (capability === 'developer' || capability === 'specify-id') return false;
  if (capability === 'import-bundle') {
    if (root !== 'private-intel') return false;
    return entity === 'import-bundle' || (entity === undefined && access !== 'read');
  }
  const hyphen = capability.indexOf('-');
  // The list capabilities name their entity in the plural: `list-judgements`.
  const verb = capability.slice(0, hyphen);
  const kind = NAMES.get(capability.slice(hyphen + 1)) ?? capability.slice(hyphen + 1);
  if (access !== undefined && VERBS[access]?.includes(verb) !== true) return false;
  if (root === 'private-intel') return entity === undefined || entity === kind;
  if (root === 'casebook') return kind === 'casebook';
  return root === 'asset' && ASSET_KINDS.includes(kind);
}
