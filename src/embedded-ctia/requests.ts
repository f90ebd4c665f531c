/** What was asked of the server, for budgets: every request that arrived, whatever became of it. */
export interface RequestCounts {
  readonly total: number;
  /** Writes of CTIA entities; neither tokens nor inspections. */
  readonly mutating: number;
  /** By method and route: `POST /ctia/bundle/import`, `GET /ctia/judgement/:id`. */
  readonly byRoute: ReadonlyMap<string, number>;
  count(method: string, route: string): void;
  reset(): void;
}

export function makeRequestCounts(): RequestCounts {
  let total = 0;
  let mutating = 0;
  const byRoute = new Map<string, number>();
  return {
    get total() {
      return total;
    },
    get mutating() {
      return mutating;
    },
    byRoute,
    count(method, route) {
      total += 1;
      if (method !== 'GET' && method !== 'HEAD' && route.startsWith('/ctia/')) mutating += 1;
      const key = `${method} ${route}`;
      byRoute.set(key, (byRoute.get(key) ?? 0) + 1);
    },
    reset() {
      total = 0;
      mutating = 0;
      byRoute.clear();
    },
  };
}
