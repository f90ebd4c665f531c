import { type Finding, modulesOf, resolveModule, type Source, withoutComments } from './source.ts';

const DRAWERS = [
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'types',
  'index',
  'misc',
  'shared',
  'lib',
  'stuff',
  'constants',
];
const LONGEST_FILE_LINES = 400;
const MAIN = 'src/main.ts';

/** A drawer has no subject, so everything fits in. */
export function drawerFindings({ path }: Source): Finding[] {
  return path
    .split('/')
    .map((part) => part.replace(/\..*$/, ''))
    .filter((part) => DRAWERS.includes(part))
    .map(
      (part) =>
        `${path} is called "${part}", which names no subject; name it after what is in it, or move each part to its subject`,
    );
}

export function lengthFindings({ path, text }: Source): Finding[] {
  const lines = text.split('\n').length - 1;
  if (lines <= LONGEST_FILE_LINES) return [];
  return [
    `${path} has ${lines} lines, more than ${LONGEST_FILE_LINES}; split it where two readers want different halves`,
  ];
}

export function barrelFindings({ path, text }: Source): Finding[] {
  const found = /^export (?:type )?(?:\*|\{[^}]*\}).* from /m.exec(withoutComments(text));
  return found === null ? [] : [`${path} exports what another file made; import that file itself`];
}

/** Only once there is a program: until then every file waits for its first reader. */
export function deadFindings(sources: Source[]): Finding[] {
  if (!sources.some(({ path }) => path === MAIN)) return [];
  const named = new Set(sources.flatMap((source) => modulesOf(source).map(({ what }) => resolveModule(source, what))));
  return sources
    .filter(({ path }) => path !== MAIN && path.endsWith('.ts') && !named.has(path))
    .map(({ path }) => `${path} is imported by nothing in src/; use it or delete it`);
}

/** Settings that are read, checked, documented and then have no effect. */
export function settingFindings(sources: Source[]): Finding[] {
  const config = sources.find(({ path }) => path === 'src/runtime/config.ts');
  if (config === undefined || !sources.some(({ path }) => path === MAIN)) return [];
  const body = /export interface Config \{([^}]*)\}/.exec(withoutComments(config.text))?.[1] ?? '';
  const fields = [...body.matchAll(/^\s*(\w+)\??:/gm)].map((match) => match[1] ?? '');
  const rest = sources.filter((source) => source !== config).map(({ text }) => withoutComments(text));
  return fields
    .filter((field) => !rest.some((text) => new RegExp(`\\b${field}\\b`).test(text)))
    .map((field) => `${config.path} has the setting ${field}, which nothing reads; use it or delete it`);
}

/** In a document, a path is what stands in backquotes and begins with a folder of ours, or is a file of the root. */
export function documentFindings(document: Source, exists: (path: string) => boolean): Finding[] {
  const named = [
    ...document.text.matchAll(/`((?:src|test|setup|docs|feeds|keys)\/[\w./-]*|[A-Z]+\.md|[\w.-]+\.(?:json|yml))`/g),
  ];
  return [...new Set(named.map((match) => match[1] ?? ''))]
    .filter((path) => !exists(path))
    .map((path) => `${document.path} names ${path}, which does not exist; mend the document`);
}
