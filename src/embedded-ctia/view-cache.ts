import { onlyGrew } from './changes.ts';
import { type Representation, represented } from './representation.ts';

/** A text made at one instant, and the instant from which it is another one if nothing is written. */
export interface Rendered {
  readonly text: string;
  readonly changesAt: number;
  /** The place of the youngest link in it, where those after it can be added to the text. */
  readonly lastLink?: number;
}

/** What a view was when nothing but links had come since. */
export type Before = Required<Rendered>;

interface Kept {
  readonly state: string;
  readonly madeAt: number;
  readonly changesAt: number;
  readonly lastLink: number | undefined;
  readonly representation: Representation;
}

export interface ViewCache {
  /**
   * The view under `key` in this `state` of the store at `now`, rendered where it is not kept. `state` is asked before
   * rendering: what is written meanwhile makes the result one that is used once and never found again. `render` is given
   * the view as it is kept where links were added to it since and nothing else happened.
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

  const sizeOf = ({ representation: { body, gzipped } }: Kept) => body.length + (gzipped?.length ?? 0);
  const timely = ({ madeAt, changesAt }: Kept, now: number) => madeAt <= now && now < changesAt;
  const fresh = (view: Kept | undefined, state: string, now: number): view is Kept =>
    view !== undefined && view.state === state && timely(view, now);

  function beforeOf(view: Kept | undefined, state: string, now: number): Before | undefined {
    if (view?.lastLink === undefined || !timely(view, now) || !onlyGrew(view.state, state)) return undefined;
    const { representation, changesAt, lastLink } = view;
    return { text: representation.body.toString(), changesAt, lastLink };
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
    const { text, changesAt, lastLink } = await render(beforeOf(views.get(key), state, now));
    const view = { state, madeAt: now, changesAt, lastLink, representation: represented(text) };
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
