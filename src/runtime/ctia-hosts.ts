/**
 * The two hosts of a Cisco tenant, as people write them. What has only one possible meaning is accepted with a hint;
 * what could send a password to the wrong place is a problem.
 */
export interface HostReading {
  /** Without a trailing slash and without the paths that the client adds. */
  url?: string;
  hints: string[];
  problems: string[];
}

export interface Role {
  /** The name before the region in Cisco's host names. */
  service: string;
  says: string;
  /** What people paste along, because the documentation shows whole addresses. */
  pastedPath: RegExp;
}

export const CTIA_HOST: Role = {
  service: 'private.intel',
  says: 'the CTIA host, e.g. https://private.intel.eu.amp.cisco.com',
  pastedPath: /\/ctia(\/.*)?$/,
};
export const TOKEN_HOST: Role = {
  service: 'visibility',
  says: 'the host that gives tokens, e.g. https://visibility.eu.amp.cisco.com',
  pastedPath: /\/iroh(\/.*)?$/,
};

const REGIONS = ['us', 'eu', 'apjc'];

/** Cisco's hosts of every region that a tenant and its people need. The US ones of the first two have no region. */
export const CISCO_HOSTS: readonly string[] = [
  ...REGIONS.flatMap((region) => {
    const dotted = region === 'us' ? '' : `.${region}`;
    return [`private.intel${dotted}.amp.cisco.com`, `visibility${dotted}.amp.cisco.com`];
  }),
  ...['conure', 'automate', 'xdr'].flatMap((service) =>
    REGIONS.map((region) => `${service}.${region}.security.cisco.com`),
  ),
  'sign-on.security.cisco.com',
];

export function readHost(where: string, written: string, role: Role): HostReading {
  const hints: string[] = [];
  const refuse = (reason: string): HostReading => ({ hints, problems: [`${where} ${reason}; expected ${role.says}`] });

  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(written);
  if (!hasScheme) hints.push(`${where} has no https:// in front; read as https`);
  const text = hasScheme ? written : `https://${written}`;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return refuse('is not a URL');
  }
  if (url.username !== '' || url.password !== '')
    return refuse('carries a user name or password, which is not shown here');
  if (url.search !== '' || url.hash !== '') return refuse('has a "?" or "#" part');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refuse(`begins with ${url.protocol}//`);
  if (url.protocol === 'http:' && !isOwnNetwork(url.hostname)) {
    return refuse('is http, which would send the password in the clear; only this machine may be reached by http');
  }

  const withoutUs = url.hostname.replace(/^(private\.intel|visibility)\.us\.amp\.cisco\.com$/, '$1.amp.cisco.com');
  if (withoutUs !== url.hostname) {
    hints.push(`${where} names ${url.hostname}; the US hosts have no region, so ${withoutUs} is used`);
    url.hostname = withoutUs;
  }
  const cisco = ciscoHost(url.hostname);
  if (cisco !== undefined && cisco.service !== role.service)
    return refuse(`names ${url.hostname}, which is the other host`);

  const path = url.pathname.replace(role.pastedPath, '').replace(/\/+$/, '');
  if (path !== url.pathname.replace(/\/+$/, '')) hints.push(`${where} ends in a path that is added anyway; left out`);
  return { url: url.origin + path, hints, problems: [] };
}

/** CTIA of one region does not know the tokens of another: it answers 401 or 404, which says nothing of the cause. */
export function regionProblems(ctiaUrl: string, tokenUrl: string): string[] {
  const ctia = ciscoHost(new URL(ctiaUrl).hostname);
  const token = ciscoHost(new URL(tokenUrl).hostname);
  if (ctia === undefined || token === undefined || ctia.region === token.region) return [];
  return [
    `the two hosts are of different regions (${new URL(ctiaUrl).hostname} and ${new URL(tokenUrl).hostname}); ` +
      'expected both of the region where the API client was made (US without a region, eu or apjc)',
  ];
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** A name without a dot exists only on a network of one's own, such as that of docker compose. */
function isOwnNetwork(hostname: string): boolean {
  return isLoopback(hostname) || /^[a-z0-9-]+$/.test(hostname);
}

function ciscoHost(hostname: string): { service: string; region: string } | undefined {
  const match = /^(private\.intel|visibility)(?:\.([a-z]+))?\.amp\.cisco\.com$/.exec(hostname);
  return match?.[1] === undefined ? undefined : { service: match[1], region: match[2] ?? 'us' };
}
