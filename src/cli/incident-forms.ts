/** How an incident can be shown. By itself, so that --help loads nothing else. */
export const SHOWN_AS = ['table', 'markdown', 'json', 'mermaid', 'dot', 'bundle'] as const;
export type ShownAs = (typeof SHOWN_AS)[number];
