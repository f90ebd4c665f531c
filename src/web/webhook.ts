import { fastify } from 'fastify';
import type { Log } from '../runtime/log.ts';
import { readSignature, type Sender } from './signature.ts';

export interface WebhookOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** Called for each believed push. It is only a knock: what is fetched and applied is what the repository says. */
  readonly onPush: () => Promise<void>;
  readonly log: Log;
}

export interface Webhook {
  readonly url: string;
  close(): Promise<void>;
}

/** GitHub sends at most 25 MB. */
const BODY_LIMIT_BYTES = 26 * 1024 * 1024;

const PUSHES: Readonly<Record<Sender, readonly string[]>> = {
  github: ['push'],
  gitlab: ['Push Hook', 'System Hook'],
  generic: ['push'],
};

/** `POST /webhook`: a signed push makes us fetch at once, instead of at the next turn of the schedule. */
export async function startWebhook({ host, port, secret, onPush, log }: WebhookOptions): Promise<Webhook> {
  const app = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
  // The signature is of the bytes, so the bytes are kept; of what they say nothing is used.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  app.post('/webhook', async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const signed = readSignature(request.headers, body, secret);
    if ('refused' in signed) {
      log.warn({ from: request.ip }, `webhook refused: ${signed.refused}`);
      return reply.code(401).send({ error: signed.refused });
    }
    const { from, event } = signed;
    if (!PUSHES[from].includes(event)) return reply.send({ ignored: event });
    await onPush();
    log.info({ from }, 'webhook: a push was told');
    return reply.code(202).send({ accepted: event });
  });
  const url = await app.listen({ host, port });
  return { url: `${url}/webhook`, close: () => app.close() };
}
