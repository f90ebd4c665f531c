import { isIP } from 'node:net';
import { type SourceItem, type SourceLine, sourceLines, valueAt } from './items.ts';

/**
 * A response policy zone. https://datatracker.ietf.org/doc/html/draft-vixie-dnsop-dns-rpz-00
 *
 *   name CNAME .  |  *.  |  rpz-drop.  |  a walled garden    the name      name A 127.0.0.1   the name
 *   *.name …                                                left out: feeds block what is below a name with the name
 *   24.0.2.0.192.rpz-ip CNAME .                              192.0.2.0/24
 *   … CNAME rpz-passthru.   …rpz-nsdname   …rpz-client-ip    left out
 */
export function* rpzItems(text: string): Generator<SourceItem> {
  let origin = '';
  let depth = 0;
  for (const source of sourceLines(text)) {
    const { line, raw } = source;
    const said = raw.replace(/;.*/, '').trim();
    // The SOA goes on over several lines in parentheses.
    const inside = depth > 0;
    depth += (said.match(/\(/g)?.length ?? 0) - (said.match(/\)/g)?.length ?? 0);
    if (said === '') {
      yield { is: raw.trim() === '' ? 'blank' : 'comment', line };
    } else if (inside || said.startsWith('$')) {
      const [, zone] = /^\$ORIGIN\s+(\S+)/i.exec(said) ?? [];
      origin = zone ?? origin;
      yield { is: 'left out', line };
    } else {
      yield recordItem(source, said, origin);
    }
  }
}

const RECORD = /^(\S+)?\s+(?:[0-9]+[smhdw]?\s+)?(?:IN\s+)?(?:[0-9]+[smhdw]?\s+)?(SOA|NS|CNAME|A|AAAA|TXT|MX)\s+(\S+)/i;

function recordItem(source: SourceLine, said: string, origin: string): SourceItem {
  const { line, raw } = source;
  // A record without a name of its own begins with a blank, and belongs to the zone itself.
  const [, owner = '@', type = '', data = ''] = RECORD.exec(/^\s/.test(raw) ? ` ${said}` : said) ?? [];
  if (type === '') {
    const message = 'no record of a response policy zone: expected is "name CNAME ."';
    return { is: 'invalid', line, column: raw.search(/\S/) + 1, message };
  }
  const name = withoutOrigin(owner, origin);
  const blocks = /^(?:CNAME|A|AAAA)$/i.test(type) && !/^rpz-passthru\.?$/i.test(data);
  if (!blocks || name === '@' || name.startsWith('*.') || /\.rpz-(?:nsdname|nsip|client-ip)$/i.test(name))
    return { is: 'left out', line };
  const [, reversed] = /^(.+)\.rpz-ip$/i.exec(name) ?? [];
  if (reversed === undefined) return valueAt(source, name);
  return { is: 'value', line, column: raw.indexOf(owner) + 1, value: rangeOf(reversed) ?? name };
}

function withoutOrigin(owner: string, origin: string): string {
  const zone = `.${origin.replace(/^\.|\.$/g, '')}.`;
  if (zone !== '..' && owner.toLowerCase().endsWith(zone.toLowerCase())) return owner.slice(0, -zone.length);
  return owner.replace(/\.$/, '');
}

/** `24.0.2.0.192` → `192.0.2.0/24`, `128.1.zz.db8.2001` → `2001:db8::1/128`. */
function rangeOf(reversed: string): string | undefined {
  const [bits = '', ...parts] = reversed.split('.');
  const address = parts.reverse();
  const text =
    parts.length === 4 && !parts.includes('zz')
      ? address.join('.')
      : address
          .join(':')
          .replace(/(^|:)zz(:|$)/, '::')
          .replace(/:{3,}/, '::');
  return isIP(text) === 0 ? undefined : `${text}/${bits}`;
}
