import { createRequire } from 'node:module';
import type { NotifyTarget } from '../runtime/notify-targets.ts';
import { bodyFor, type Message } from './message.ts';

/**
 *   sent      it took it
 *   refused   it will not take this one, however often it is sent: a wrong address, a hook that was removed
 *   failed    it may take it later: no answer, too many messages, a fault of its own
 */
export type Sent =
  | { readonly is: 'sent' }
  | { readonly is: 'refused'; readonly message: string }
  | { readonly is: 'failed'; readonly message: string; readonly retryAfterMs?: number };

const ANSWER_MS = 15_000;
const ANSWER_BYTES_MAX = 64 * 1024;
/** Who says that all will be well in a week is not believed: an alarm that old is none. */
const RETRY_AFTER_MS_MAX = 60 * 60_000;

export async function send(target: NotifyTarget, message: Message, signal?: AbortSignal): Promise<Sent> {
  const where = hostOf(target);
  // Loaded by who sends something, as the one file that it is for CommonJS: its ES modules take a quarter of a second.
  const { default: axios, isAxiosError }: typeof import('axios') = createRequire(import.meta.url)('axios');
  try {
    const { status, headers } = await axios.post(target.url, bodyFor(target.format, message), {
      adapter: 'http',
      timeout: ANSWER_MS,
      maxRedirects: 0,
      maxContentLength: ANSWER_BYTES_MAX,
      responseType: 'text',
      validateStatus: () => true,
      headers: { 'User-Agent': 'ctim-feeds' },
      ...(signal && { signal }),
    });
    if (status >= 200 && status < 300) return { is: 'sent' };
    const said = `${where} answers ${status}`;
    if (status !== 408 && status !== 429 && status < 500) return { is: 'refused', message: `${said}: see NOTIFY_URLS` };
    const seconds = Number(headers['retry-after']);
    if (!Number.isFinite(seconds) || seconds <= 0) return { is: 'failed', message: said };
    return { is: 'failed', message: said, retryAfterMs: Math.min(seconds * 1000, RETRY_AFTER_MS_MAX) };
  } catch (error) {
    signal?.throwIfAborted();
    if (!isAxiosError(error)) throw error;
    // The error itself holds the address, which is the secret.
    return { is: 'failed', message: `${where} does not answer (${error.code ?? 'no code'})` };
  }
}

/** Of the address all else is secret. */
export function hostOf({ url, format }: NotifyTarget): string {
  return `${new URL(url).host} (${format})`;
}
