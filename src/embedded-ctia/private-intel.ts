import type { DescribedRoute } from './operation.ts';

/**
 * The second way to write, on the visibility host: the same handlers and the same store under another path.
 *
 *   /iroh/private-intel/bundle/import   POST
 *   /iroh/private-intel/incident        POST
 *   /iroh/private-intel/incident/:id    GET, PUT, PATCH, DELETE
 *   /iroh/private-intel/bulk            DELETE
 */
const ROUTES: readonly { readonly methods: readonly string[]; readonly path: RegExp }[] = [
  { methods: ['POST'], path: /^\/bundle\/import$/ },
  { methods: ['POST'], path: /^\/incident$/ },
  { methods: ['GET', 'PUT', 'PATCH', 'DELETE'], path: /^\/incident\/(?!search$)[^/]+$/ },
  { methods: ['DELETE'], path: /^\/bulk$/ },
];
const PREFIX = '/iroh/private-intel';

/** The URL under which CTIA itself has what was asked for; before authentication, which is the same for both. */
export function withoutPrivateIntel(method: string | undefined, url: string): string {
  if (!url.startsWith(`${PREFIX}/`)) return url;
  const rest = url.slice(PREFIX.length);
  const path = rest.split('?', 1)[0] ?? '';
  const known = ROUTES.some((route) => route.methods.includes(method ?? '') && route.path.test(path));
  return known ? `/ctia${rest}` : url;
}

/** The routes of CTIA that are served a second time, as they are asked for here. */
export function underPrivateIntel(routes: readonly DescribedRoute[]): DescribedRoute[] {
  return routes
    .map((route) => ({ ...route, url: route.url.replace(/^\/ctia/, PREFIX) }))
    .filter(({ method, url }) => withoutPrivateIntel(method, url) !== url);
}
