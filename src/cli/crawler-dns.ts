import { promises } from 'node:dns';
import type { Dns } from '../incidents/log/crawlers.ts';

/** The machine's resolver, with a little patience: nobody waits long for a crawler to be spared. */
const dns = new promises.Resolver({ timeout: 2000, tries: 2 });

export const resolver: Dns = {
  namesOf: (address) => dns.reverse(address),
  async addressesOf(name) {
    const [v4, v6] = await Promise.allSettled([dns.resolve4(name), dns.resolve6(name)]);
    return [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  },
};
