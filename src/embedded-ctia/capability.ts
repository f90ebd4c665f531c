import { Refusal } from './refusal.ts';
import { BULK_KINDS } from './vocabulary.ts';

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

export const CREATE_EVERY_BULK_KIND = Object.values(BULK_KINDS).map((kind) => `create-${kind}`);
export const READ_EVERY_BULK_KIND = Object.values(BULK_KINDS).map((kind) => `read-${kind}`);
export const DELETE_EVERY_BULK_KIND = Object.values(BULK_KINDS).map((kind) => `delete-${kind}`);
export const IMPORT_BUNDLE = [
  'import-bundle',
  ...CREATE_EVERY_BULK_KIND.filter((capability) => !/-(?:target-record|investigation|casebook)$/.test(capability)),
];

const VERBS: Readonly<Record<string, readonly string[]>> = {
  read: ['read', 'search', 'list'],
  write: ['create', 'delete'],
};
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
  const kind = BULK_KINDS[capability.slice(hyphen + 1)] ?? capability.slice(hyphen + 1);
  if (access !== undefined && VERBS[access]?.includes(verb) !== true) return false;
  if (root === 'private-intel') return entity === undefined || entity === kind;
  if (root === 'casebook') return kind === 'casebook';
  return root === 'asset' && ASSET_KINDS.includes(kind);
}
