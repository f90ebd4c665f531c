import { pathToFileURL } from 'node:url';
import { parsedUrl } from '../lists/url.ts';

/** `git@host:org/name.git` is git's own short form of `ssh://git@host/org/name.git`. */
const SCP_FORM = /^(?:[^@/:]+@)?([A-Za-z0-9.-]+):(?!\/\/)(.+)$/;

/** Where a repository is, to be shown and compared; undefined where it is no address. */
export function withoutCredentials(remote: string): string | undefined {
  const [, host, below] = SCP_FORM.exec(remote) ?? [];
  const text = remote.startsWith('/')
    ? pathToFileURL(remote).href
    : host === undefined || below === undefined
      ? remote
      : `ssh://${host}/${below.replace(/^\/+/, '')}`;
  const url = parsedUrl(text);
  if (url === undefined) return undefined;
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return url.href;
}
