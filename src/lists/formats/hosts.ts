import { isIP } from 'node:net';
import { type SourceItem, sourceLines, valueAt } from './items.ts';

/** What every hosts file says of its own machine. */
const OWN_NAMES =
  /^(?:localhost|localhost\.localdomain|local|broadcasthost|ip6-[a-z0-9-]+|0\.0\.0\.0|127\.0\.0\.1|::1?)$/i;
/** A name is blocked by an address where nobody answers; any other address is a real entry of somebody's network. */
const NOWHERE = ['0.0.0.0', '127.0.0.1', '::', '::1'];

/** `0.0.0.0 name name # remark`: the names are what is listed, the address says only that they are blocked. */
export function* hostsItems(text: string): Generator<SourceItem> {
  for (const source of sourceLines(text)) {
    const { line, raw } = source;
    const said = raw.replace(/#.*/, '').trim();
    if (said === '') {
      yield { is: raw.trim() === '' ? 'blank' : 'comment', line };
      continue;
    }
    const [address = '', ...names] = said.split(/\s+/);
    if (names.length === 0 || isIP(address.replace(/%.*/, '')) === 0) {
      const message = `no line of a hosts file: expected is an address and a name, such as 0.0.0.0 name`;
      yield { is: 'invalid', line, column: raw.indexOf(said) + 1, message };
      continue;
    }
    let from = raw.indexOf(address) + address.length;
    for (const name of names) {
      if (OWN_NAMES.test(name) || !NOWHERE.includes(address)) yield { is: 'left out', line };
      else yield valueAt(source, name, from);
      from = raw.indexOf(name, from) + name.length;
    }
  }
}
