import type { ConfiguredHost } from '../lists/guards/protected.ts';
import { normalise } from '../lists/normalise.ts';
import { parsedUrl } from '../lists/url.ts';
import type { Config } from '../runtime/config.ts';
import { CISCO_HOSTS, isLoopback } from '../runtime/ctia-hosts.ts';
import { originOf } from './git.ts';
import { withoutCredentials } from './git-address.ts';

type Revealing = Pick<
  Config,
  'feedsDir' | 'repository' | 'redisUrl' | 'tenant' | 'listen' | 'webhook' | 'notifyTargets'
>;

/**
 * The hosts that our own configuration names. A list that blocks one of them cuts us off from the means to take it back.
 * Without `FEEDS_REPO` the git host is that of the remote `origin` of the feeds folder.
 */
export async function configuredHosts(config: Revealing): Promise<readonly ConfiguredHost[]> {
  const { feedsDir, repository, redisUrl, tenant, listen, webhook, notifyTargets } = config;
  const git = repository === undefined ? await originOf(feedsDir) : withoutCredentials(repository.url);
  return [
    ...CISCO_HOSTS.map((host) => ({ host, what: 'a host of Cisco XDR' })),
    ...(tenant.kind === 'remote'
      ? [...hostOfUrl(tenant.ctiaUrl, 'the CTIA host'), ...hostOfUrl(tenant.tokenUrl, 'the host that gives tokens')]
      : []),
    ...hostOfUrl(git, 'git host').map((found) => ({ ...found, page: pageOf(git ?? '') })),
    ...hostOfUrl(redisUrl, 'the Redis host'),
    ...hostOfUrl(listen.publicUrl, 'the public URL of the feeds'),
    ...hostOfUrl(listen.host && `http://${bracketed(listen.host)}`, 'the address that the feeds are served from'),
    ...hostOfUrl(webhook && `http://${bracketed(webhook.host)}`, 'the address that the webhook listens on'),
    ...notifyTargets.flatMap(({ url }) => hostOfUrl(url, 'a host that we send messages to')),
  ];
}

/** None for what has no host (a path, a socket), for this machine, and for an address that stands for all of one's own. */
export function hostOfUrl(url: string | undefined, what: string): ConfiguredHost[] {
  const parsed = url === undefined ? undefined : parsedUrl(url);
  if (parsed === undefined) return [];
  const { hostname } = parsed;
  const bare = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === '' || isLoopback(hostname) || bare === '0.0.0.0' || bare === '::') return [];
  const normal = normalise(bare);
  return [{ host: 'observable' in normal ? normal.observable.value : bare, what }];
}

/** Of a repository, however git is told of it: its page and all below. */
function pageOf(remote: string): string {
  const { hostname, pathname } = new URL(remote);
  return `https://${hostname}${pathname.replace(/\.git\/?$/, '')}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
