import { type SourceItem, type SourceLine, sourceLines, valueAt } from './items.ts';

/** Of a rule with others it holds on some pages or for some content only, and a feed cannot say that. */
const EVERYWHERE = /^(?:all|doc|document|important|popup)$/;
const HOST = /^[^\s/|^*$,]+$/;

/**
 *   ||name^  ||name^$all   the name                       name   (AdGuard, uBlock lists of hosts) the name
 *   |https://host/path|    the URL
 *   @@…  …##…  /regex/  ||a*b^  ||name^$third-party        left out
 *   host/path  ||host/path                                 left out: no URL without its scheme, and never its host
 */
export function* adblockItems(text: string): Generator<SourceItem> {
  for (const source of sourceLines(text)) {
    const rule = source.raw.trim();
    if (rule === '') yield { is: 'blank', line: source.line };
    else if (/^!|^\[Adblock|^#(?![#@?$%])/i.test(rule)) yield { is: 'comment', line: source.line };
    else yield ruleItem(source, rule);
  }
}

function ruleItem(source: SourceLine, rule: string): SourceItem {
  const { line } = source;
  if (rule.startsWith('@@') || /#[@?$%]*#/.test(rule) || /^\/.*\/(?:\$|$)/.test(rule)) return { is: 'left out', line };
  const [, anchored, exact] = /^\|\|([^$]*?)(?:\$.*)?$/.exec(rule) ?? [];
  const [, url] = /^\|([a-z]+:\/\/[^|\s$]+)\|?$/i.exec(rule) ?? [];
  if (url !== undefined) return valueAt(source, url.replace(/\^$/, ''));
  const options = /\$([^/]*)$/.exec(rule)?.[1];
  if (options?.split(',').some((option) => !EVERYWHERE.test(option))) return { is: 'left out', line };
  const pattern = anchored ?? exact ?? rule.replace(/\$[^/]*$/, '');
  const name = anchored === undefined ? pattern : pattern.replace(/\^\|?$/, '');
  if (/[*/]/.test(name)) return { is: 'left out', line };
  return HOST.test(name) ? valueAt(source, name) : notOfFormat(source);
}

function notOfFormat({ line, raw }: SourceLine): SourceItem {
  const message = 'no rule that names one host or URL: expected is ||name^';
  return { is: 'invalid', line, column: raw.search(/\S/) + 1, message };
}
