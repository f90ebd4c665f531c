import { type SourceItem, sourceLines, valueAt } from './items.ts';

/** Where an answer to a blocked name leads: nowhere. `#` is dnsmasq's word for all of these. */
const NOWHERE = ['', '#', '0.0.0.0', '127.0.0.1', '::', '::1'];

/** `address=/name/0.0.0.0`, `server=/name/`, `local=/name/`; several names may stand between the slashes. */
export function* dnsmasqItems(text: string): Generator<SourceItem> {
  for (const source of sourceLines(text)) {
    const { line, raw } = source;
    const said = raw.replace(/(?:^|\s)#.*/, '').trim();
    if (said === '') {
      yield { is: raw.trim() === '' ? 'blank' : 'comment', line };
      continue;
    }
    const [, key = '', , value = ''] = /^([a-z][a-z0-9-]*)(\s*=\s*(.*))?$/.exec(said) ?? [];
    const [, between = '', target = ''] = /^\/(.+)\/([^/]*)$/.exec(value) ?? [];
    if (key === '') {
      const message = 'no line of dnsmasq: expected is address=/name/0.0.0.0';
      yield { is: 'invalid', line, column: raw.search(/\S/) + 1, message };
    } else if (!/^(?:address|server|local)$/.test(key) || between === '' || !NOWHERE.includes(target)) {
      yield { is: 'left out', line };
    } else {
      let from = raw.indexOf('/');
      for (const name of between.split('/')) {
        yield valueAt(source, name, from);
        from = raw.indexOf(name, from) + name.length;
      }
    }
  }
}
