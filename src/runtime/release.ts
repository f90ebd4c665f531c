/**
 * What was opened is closed again, last in first out: each part registers its own undo where it is made, and one call
 * undoes them all. An undo that fails does not stop the others; all failures are thrown together at the end.
 */
export interface Releases {
  add(name: string, undo: () => Promise<void> | void): void;
  releaseAll(): Promise<void>;
}

export function makeReleases(): Releases {
  const undos: { name: string; undo: () => Promise<void> | void }[] = [];
  return {
    add(name, undo) {
      undos.push({ name, undo });
    },
    async releaseAll() {
      const failures: unknown[] = [];
      for (let next = undos.pop(); next !== undefined; next = undos.pop()) {
        try {
          await next.undo();
        } catch (cause) {
          failures.push(new Error(`closing ${next.name}`, { cause }));
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'not everything could be closed');
    },
  };
}
