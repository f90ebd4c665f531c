import { type Finding, modulesOf, resolveModule, type Source } from './source.ts';

interface Layer {
  imports: string[];
  packages: string[];
  /** Which modules of Node's; all, where nothing is said. */
  node?: string[];
}

/** What computes and touches nothing. `net` is here for isIP. */
const PURE = ['node:assert', 'node:crypto', 'node:net', 'node:url', 'node:util'];
const ALL_ABOVE_CLI = [
  'ctim',
  'runtime',
  'plan',
  'lists',
  'sources',
  'ctia',
  'reconcile',
  'incidents',
  'notify',
  'jobs',
  'why',
];

/**
 * The folders of src/ and what each may import, from the ground up. A new arrow needs a decision record in
 * docs/decisions; a package in a new row, a reason why its home is not enough.
 */
export const LAYERS: Record<string, Layer> = {
  ctim: { imports: [], packages: [], node: PURE },
  runtime: { imports: [], packages: ['pino', 'pino-pretty', 'zod'] },
  plan: { imports: ['ctim'], packages: [], node: PURE },
  lists: { imports: ['ctim'], packages: ['yaml', 'zod', 'tldts'], node: [...PURE, 'node:path'] },
  sources: { imports: ['ctim', 'runtime', 'lists'], packages: ['axios'] },
  ctia: { imports: ['ctim', 'runtime'], packages: ['axios'] },
  reconcile: { imports: ['ctim', 'plan', 'lists', 'ctia', 'runtime'], packages: [] },
  incidents: { imports: ['ctim', 'lists', 'ctia', 'runtime'], packages: ['yaml', 'zod'] },
  notify: { imports: ['ctim', 'runtime'], packages: ['axios'] },
  jobs: {
    imports: ['ctim', 'plan', 'lists', 'sources', 'ctia', 'reconcile', 'incidents', 'notify', 'runtime'],
    packages: ['bullmq', 'ioredis', 'zod'],
  },
  why: { imports: ['ctim', 'plan', 'lists', 'ctia', 'jobs', 'runtime'], packages: [] },
  // Never ctia: two independent readings of the API, of which one is tested against the other.
  'embedded-ctia': { imports: ['ctim', 'runtime'], packages: ['fastify', 'zod', 'tldts', 'libsql', 'stemmer'] },
  web: {
    imports: ['ctim', 'plan', 'jobs', 'why', 'runtime'],
    packages: ['fastify', '@fastify/static', '@bull-board/api', '@bull-board/fastify', 'prom-client', 'htm', 'uplot'],
  },
  cli: { imports: [...ALL_ABOVE_CLI, 'embedded-ctia', 'web'], packages: ['commander'] },
  'main.ts': { imports: ['cli', 'runtime'], packages: [] },
};

/** `src/jobs/queues.ts` is of `jobs`, `src/main.ts` of `main.ts`. */
function layerOf(path: string): string {
  return path.split('/')[1] ?? '';
}

export function layerFindings(source: Source): Finding[] {
  const name = layerOf(source.path);
  const layer = LAYERS[name];
  if (layer === undefined) {
    return [
      `${source.path} is in no layer; put it into a folder of test/tidy/layers.ts, or add the folder there with a decision record`,
    ];
  }
  return modulesOf(source).flatMap(({ what, line }) => {
    const where = `${source.path}:${line}`;
    if (what.startsWith('.')) {
      const target = layerOf(resolveModule(source, what));
      if (target === name || layer.imports.includes(target)) return [];
      return [
        `${where} imports ${target}/, which ${name}/ may not (only ${layer.imports.join(', ') || 'nothing'}); ` +
          'move the code to the row that may, or pass in what it needs',
      ];
    }
    if (what.startsWith('node:')) {
      if (layer.node === undefined || layer.node.includes(what)) return [];
      return [`${where} imports ${what}, but ${name}/ is pure; pass in what it needs`];
    }
    const bare = what
      .split('/')
      .slice(0, what.startsWith('@') ? 2 : 1)
      .join('/');
    if (layer.packages.includes(bare)) return [];
    const homes = Object.keys(LAYERS).filter((other) => LAYERS[other]?.packages.includes(bare));
    return [
      `${where} imports ${bare}, whose home is ${homes.join(' or ') || 'nowhere yet'}; use it there, and that from here`,
    ];
  });
}
