import { BlockList, isIP } from 'node:net';
import { EMBEDDING_RANGES, MULTICAST_RANGES, PRIVATE_RANGES, SPECIAL_RANGES } from '../lists/guards/special-use.ts';

/** A BlockList compares an IPv4 address in its mapped form too: with this row it would refuse all of IPv4. The rows of IPv4 hold for what is mapped. */
const MAPPED = '::ffff:0:0/96';

/**
 * Where a download must not lead: whoever writes a list, or answers with a redirect, would have our workers ask servers
 * that only they can reach (a cloud's metadata, a router, our own Redis).
 */
const NOT_PUBLIC = new BlockList();
for (const [range] of [PRIVATE_RANGES, SPECIAL_RANGES, EMBEDDING_RANGES, MULTICAST_RANGES].flatMap(
  ({ rows }) => rows,
)) {
  if (range === MAPPED) continue;
  const [network = '', bits = ''] = range.split('/');
  NOT_PUBLIC.addSubnet(network, Number(bits), isIP(network) === 4 ? 'ipv4' : 'ipv6');
}

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !NOT_PUBLIC.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
