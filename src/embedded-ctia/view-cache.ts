import { type Representation, represented } from './representation.ts';
import { bytesBeside, type ViewLines } from './view-lines.ts';

/** A body made at one instant, and the instant from which it is another one if nothing is written. */
export interface Rendered {
  readonly body: Buffer;
  readonly changesAt: number;
  /** Where it can be gone on with after a write. */
  readonly followed?: Followed | undefined;
}

export interface Followed {
  readonly lines: ViewLines;
  /** The place of the youngest link that was seen. */
  readonly lastLink: number;
}

/** A view as it was in an earlier state of the store. */
export interface Before {
  readonly state: string;
  readonly followed: Followed;
}

interface Kept {
  readonly state: string;
  readonly madeAt: number;
  readonly changesAt: number;
  readonly followed: Followed | undefined;
  readonly representation: Representation;
}

export interface ViewCache {
  /**
   * The view under `key` in this `state` of the store at `now`, rendered where it is not kept. `state` is asked before
   * rendering: what is written meanwhile makes the result one that is used once and never found again. `render` is given
   * the view as it is kept, where it is of that time or earlier and can be gone on with. A body that it gives back again is
   * represented as before.
   */
  get(key: string, state: string, now: number, render: (before?: Before) => Promise<Rendered>): Promise<Representation>;
  /** A kept view has grown. */
  grown(key: string, bytes: number): void;
}

/** The view used longest ago goes first. One that is larger than all of it is not kept. */
export function makeViewCache(bytesMax: number): ViewCache {
  const views = new Map<string, Kept>();
  const rendering = new Map<string, { readonly state: string; readonly since: number; readonly made: Promise<Kept> }>();
  let bytes = 0;

  const sizeOf = ({ representation: { body, gzipped }, followed }: Kept) =>
    body.length + (gzipped?.length ?? 0) + (followed === undefined ? 0 : bytesBeside(followed.lines));
  const fresh = (view: Kept | undefined, state: string, now: number): view is Kept =>
    view !== undefined && view.state === state && view.madeAt <= now && now < view.changesAt;

  function beforeOf(view: Kept | undefined, now: number): Before | undefined {
    if (view?.followed === undefined || now < view.madeAt) return undefined;
    return { state: view.state, followed: view.followed };
  }

  function drop(key: string): void {
    const view = views.get(key);
    if (view === undefined) return;
    views.delete(key);
    bytes -= sizeOf(view);
  }

  function shrink(): void {
    for (const key of views.keys()) {
      if (bytes <= bytesMax) return;
      drop(key);
    }
  }

  async function renderOnce(
    key: string,
    state: string,
    now: number,
    render: (before?: Before) => Promise<Rendered>,
  ): Promise<Kept> {
    const before = views.get(key);
    const { body, changesAt, followed } = await render(beforeOf(before, now));
    const representation = before?.representation.body === body ? before.representation : represented(body);
    const view = { state, madeAt: now, changesAt, followed, representation };
    drop(key);
    views.set(key, view);
    bytes += sizeOf(view);
    shrink();
    return view;
  }

  return {
    async get(key, state, now, render) {
      const view = views.get(key);
      if (fresh(view, state, now)) {
        views.delete(key);
        views.set(key, view);
        return view.representation;
      }
      // Many firewalls that ask at the same minute share one rendering, unless a validity begins or ends in between.
      const shared = rendering.get(key);
      if (shared?.state === state && shared.since <= now) {
        const theirs = await shared.made;
        if (fresh(theirs, state, now)) return theirs.representation;
      }
      const made = renderOnce(key, state, now, render).finally(() => {
        if (rendering.get(key)?.made === made) rendering.delete(key);
      });
      rendering.set(key, { state, since: now, made });
      return (await made).representation;
    },
    grown(key, by) {
      if (!views.has(key)) return;
      bytes += by;
      shrink();
    },
  };
}
