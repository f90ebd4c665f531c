import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What a webhook says of itself, and whether it is to be believed. */
export type Signed = { readonly from: Sender; readonly event: string } | { readonly refused: string };
export type Sender = 'github' | 'gitlab' | 'generic';

/**
 * Who sends a webhook is told by the header that proves it:
 *
 *   GitHub, Gitea, Forgejo   X-Hub-Signature-256: sha256=<hex HMAC-SHA-256 of the body>
 *   GitLab                   X-Gitlab-Token: <the secret itself>
 *   anybody else             X-Signature-256: sha256=<hex HMAC-SHA-256 of the body>
 *
 * All are compared in constant time. With several of these headers all must be right.
 */
export function readSignature(headers: IncomingHttpHeaders, body: Buffer, secret: string): Signed {
  const of = (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(',') : value;
  };
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const proofs: readonly (readonly [Sender, string | undefined, string, string])[] = [
    ['github', of('x-hub-signature-256'), signature, of('x-github-event') ?? 'push'],
    ['gitlab', of('x-gitlab-token'), secret, of('x-gitlab-event') ?? 'Push Hook'],
    ['generic', of('x-signature-256'), signature, 'push'],
  ];
  const given = proofs.filter(([, proof]) => proof !== undefined);
  const [first] = given;
  if (first === undefined) {
    return { refused: 'there is no signature: expected X-Hub-Signature-256, X-Gitlab-Token or X-Signature-256' };
  }
  for (const [from, proof = '', expected] of given) {
    if (same(proof, expected)) continue;
    const form =
      from === 'gitlab' || /^sha256=[0-9a-f]{64}$/.test(proof)
        ? ''
        : '; expected is sha256= and 64 digits in hex, the HMAC of the body';
    return { refused: `the signature of ${from} is wrong: is WEBHOOK_SECRET the same on both sides?${form}` };
  }
  return { from: first[0], event: first[3] };
}

/** Of digests, so that not even the length of the secret is told. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compared').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
