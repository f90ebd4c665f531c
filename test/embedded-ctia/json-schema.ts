// biome-ignore lint/suspicious/noExplicitAny: schemas and documents are looked at by path
type Json = any;

/** As much of JSON Schema as the OpenAPI document uses; a keyword that is not here fails the test that meets it. */
const KEYWORDS: Readonly<Record<string, (said: Json, value: Json, schema: Json, at: string, root: Json) => string[]>> =
  {
    $ref: (ref, value, _, at, root) => misfits(resolved(root, ref), value, root, at),
    type: (type, value, _, at) => (isOf(type, value) ? [] : [`${at} is no ${type}`]),
    const: (wanted, value, _, at) => (value === wanted ? [] : [`${at} is not ${wanted}`]),
    enum: (wanted, value, _, at) => (wanted.includes(value) ? [] : [`${at} is none of ${wanted}`]),
    minimum: (least, value, _, at) => (typeof value !== 'number' || value >= least ? [] : [`${at} is below ${least}`]),
    maximum: (most, value, _, at) => (typeof value !== 'number' || value <= most ? [] : [`${at} is above ${most}`]),
    items: (items, value, _, at, root) =>
      Array.isArray(value) ? value.flatMap((item, i) => misfits(items, item, root, `${at}[${i}]`)) : [],
    required: (names, value, _, at) =>
      isObject(value)
        ? names.filter((name: string) => !(name in value)).map((name: string) => `${at}.${name} lacks`)
        : [],
    properties: (properties, value, _, at, root) =>
      isObject(value)
        ? Object.entries(properties).flatMap(([name, schema]) =>
            name in value ? misfits(schema, value[name], root, `${at}.${name}`) : [],
          )
        : [],
    additionalProperties: (more, value, { properties = {} }, at, root) =>
      isObject(value)
        ? Object.keys(value)
            .filter((name) => !(name in properties))
            .flatMap((name) =>
              more === false ? [`${at}.${name} is not known`] : misfits(more, value[name], root, `${at}.${name}`),
            )
        : [],
    anyOf: (some, value, _, at, root) => {
      const all = some.map((one: Json) => misfits(one, value, root, at));
      return all.some((one: string[]) => one.length === 0) ? [] : [`${at} fits none: ${all.flat().join('; ')}`];
    },
    propertyNames: (names, value, _, at, root) =>
      isObject(value) ? Object.keys(value).flatMap((name) => misfits(names, name, root, `${at} ${name}`)) : [],
    description: () => [],
  };

/** Where a value does not fit the schema, and how. */
export function misfits(schema: Json, value: Json, root: Json, at = 'it'): string[] {
  if (typeof schema === 'boolean') return schema ? [] : [`${at} is not allowed`];
  return Object.entries(schema).flatMap(([keyword, said]) => {
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`${keyword} at ${at} is a keyword that this check does not know`);
    return check(said, value, schema, at, root);
  });
}

/** What a reference within the document leads to. */
export function resolved(root: Json, ref: string): Json {
  const found =
    ref.startsWith('#/') &&
    ref
      .slice(2)
      .split('/')
      .reduce((node, key) => node?.[key], root);
  if (!found) throw new Error(`${ref} leads nowhere`);
  return found;
}

function isObject(value: Json): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOf(type: string, value: Json): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
