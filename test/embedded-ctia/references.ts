export type References = Readonly<Record<string, unknown>>;

export const reference = (kind: string) =>
  `https://ctia.example/ctia/${kind}/${kind}-00000000-0000-4000-8000-000000000001`;

/** Of fields that any kind may have. CTIM's examples put a bare word wherever a reference belongs. */
export const REFERENCES: References = {
  asset_ref: reference('asset'),
  entity_id: reference('judgement'),
  COA_id: reference('coa'),
  indicator_ids: [reference('indicator')],
  judgements: [reference('judgement')],
  judgement_id: reference('judgement'),
};

/** An example with references where it has bare words. */
export function withReferences<T>(value: T, references: References = REFERENCES): T {
  if (Array.isArray(value)) return value.map((item) => withReferences(item, references)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => {
    const bare = Array.isArray(item) ? typeof item[0] === 'string' : typeof item === 'string';
    return [key, bare && key in references ? references[key] : withReferences(item, references)];
  });
  return Object.fromEntries(entries) as T;
}
