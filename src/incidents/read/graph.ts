import type { AnyObservable } from '../../ctim/bundle.ts';
import { DISPOSITIONS, type Disposition } from '../../ctim/judgement.ts';
import type { SightingTarget } from '../../ctim/sighting.ts';
import type { Opinion } from '../verdicts/look-up.ts';
import { keyOfAny } from '../write/observables.ts';
import type { IncidentReading } from './reading.ts';
import { nameOf } from './timeline.ts';

export type GraphLanguage = 'mermaid' | 'dot';

interface Node {
  readonly id: string;
  readonly label: string;
  readonly shape: 'incident' | 'observable' | 'target' | 'indicator';
  readonly disposition?: Disposition;
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  count: number;
}

/** More than this nobody reads; Mermaid itself refuses more than 500. The most frequent ones are drawn. */
const EDGES_MAX = 300;
const LABEL_MAX = 80;

/**
 * Who did what to whom, each once however often it was seen:
 *
 *   relation of a sighting          source → related, labelled with it
 *   observable with targets         observable → target, labelled with the sighting's title, where no relation says more
 *   observable with neither         incident → observable, `seen`
 *   indicator of the incident       incident → indicator
 */
export function renderGraph(
  reading: IncidentReading,
  opinions: ReadonlyMap<string, Opinion>,
  language: GraphLanguage,
): string {
  const nodes = new Map<string, Node>();
  const edges = new Map<string, Edge>();
  const nodeFor = (key: string, label: string, shape: Node['shape'], disposition?: Disposition) => {
    const known = nodes.get(key);
    if (known !== undefined) return known.id;
    const id = `n${nodes.size}`;
    nodes.set(key, { id, label, shape, ...(disposition !== undefined && { disposition }) });
    return id;
  };
  const observableNode = (observable: AnyObservable) => {
    const key = keyOfAny(observable);
    return nodeFor(key, nameOf(observable), 'observable', opinions.get(key)?.decides?.disposition);
  };
  /** One that is a single thing is that thing, also where a relation names it. */
  const targetNode = ({ type, observables: its }: SightingTarget) => {
    const [only, ...more] = its;
    if (only !== undefined && more.length === 0) return observableNode(only);
    const name = its.map(nameOf).join(', ') || type;
    return nodeFor(`target ${type} ${name}`, `${type}: ${name}`, 'target');
  };
  const draw = (from: string, to: string, label: string, count: number) => {
    const key = JSON.stringify([from, to, label]);
    const known = edges.get(key);
    if (known === undefined) edges.set(key, { from, to, label, count });
    else known.count += count;
  };

  const root = nodeFor('incident', reading.incident.title ?? reading.incident.id, 'incident');
  for (const { observables = [], targets = [], relations = [], count = 1, title = 'seen' } of reading.sightings) {
    const related = new Set<string>();
    for (const { source, relation, related: other } of relations) {
      const [from, to] = [observableNode(source), observableNode(other)];
      draw(from, to, relation, count);
      related.add(from).add(to).add(`${from} ${to}`);
    }
    for (const observable of observables) {
      const from = observableNode(observable);
      for (const target of targets) {
        const to = targetNode(target);
        if (!related.has(`${from} ${to}`)) draw(from, to, title, count);
      }
      if (targets.length === 0 && !related.has(from)) draw(root, from, 'seen', count);
    }
  }
  for (const indicator of reading.others.get('indicators') ?? []) {
    const label = String(indicator.title ?? indicator.producer);
    draw(root, nodeFor(indicator.id, label, 'indicator'), 'indicator', 1);
  }
  const drawn = [...edges.values()].sort((a, b) => b.count - a.count).slice(0, EDGES_MAX);
  const used = new Set([root, ...drawn.flatMap(({ from, to }) => [from, to])]);
  const shownNodes = [...nodes.values()].filter(({ id }) => used.has(id));
  const left = edges.size - drawn.length;
  return LANGUAGES[language](shownNodes, drawn, left > 0 ? `${left} more, seen less often, are not drawn` : undefined);
}

const LANGUAGES: Readonly<Record<GraphLanguage, (nodes: Node[], edges: Edge[], note: string | undefined) => string>> = {
  mermaid(nodes, edges, note) {
    const shape = {
      incident: ['{{', '}}'],
      observable: ['(', ')'],
      target: ['[', ']'],
      indicator: ['>', ']'],
    } as const;
    const text = (label: string) =>
      `"${cut(label).replace(/[^\p{L}\p{N} .,:/@_+=×-]/gu, (sign) => `#${sign.codePointAt(0)};`)}"`;
    return [
      'flowchart LR',
      ...(note === undefined ? [] : [`  %% ${note}`]),
      ...nodes.map(({ id, label, shape: its, disposition }) => {
        const [open, close] = shape[its];
        return `  ${id}${open}${text(label)}${close}${disposition === undefined ? '' : `:::${DISPOSITIONS[disposition]}`}`;
      }),
      ...edges.map(({ from, to, label, count }) => `  ${from} -->|${text(withCount(label, count))}| ${to}`),
      ...Object.entries(COLOURS).map(([name, colour]) => `  classDef ${name} stroke:${colour},stroke-width:3px`),
    ].join('\n');
  },
  dot(nodes, edges, note) {
    const shape = { incident: 'hexagon', observable: 'ellipse', target: 'box', indicator: 'note' } as const;
    const text = (label: string) => `"${cut(label).replace(/[\\"]/g, '\\$&')}"`;
    return [
      'digraph incident {',
      '  rankdir=LR;',
      ...(note === undefined ? [] : [`  // ${note}`]),
      ...nodes.map(({ id, label, shape: its, disposition }) => {
        const colour = disposition === undefined ? '' : ` color=${COLOURS[DISPOSITIONS[disposition]]}`;
        return `  ${id} [label=${text(label)} shape=${shape[its]}${colour}];`;
      }),
      ...edges.map(({ from, to, label, count }) => `  ${from} -> ${to} [label=${text(withCount(label, count))}];`),
      '}',
    ].join('\n');
  },
};

const COLOURS = { Clean: 'green', Malicious: 'red', Suspicious: 'orange', Common: 'gray', Unknown: 'gray' } as const;

function withCount(label: string, count: number): string {
  return count === 1 ? label : `${label} ×${count}`;
}

/** What an attacker wrote stands on one line, and ends somewhere. */
function cut(label: string): string {
  const line = label.replace(/[\s\p{C}]+/gu, ' ').trim();
  return line.length > LABEL_MAX ? `${line.slice(0, LABEL_MAX - 1)}…` : line;
}
