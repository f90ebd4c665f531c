import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createRequire } from 'node:module';
import type { AxiosInstance } from 'axios';
import type { Answer } from './answer.ts';
import { CtiaError } from './error.ts';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  /** Serialised once by the caller, so that every retry sends the same bytes. */
  body?: Buffer;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

export interface Http {
  send(request: HttpRequest): Promise<Answer>;
  close(): void;
}

/** Codes that mean that no request left this machine. All others may have succeeded on the other side. */
const NOTHING_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** When the first client is made, and as the one file that it is for CommonJS: its ES modules take a quarter of a second. */
function loadAxios(): typeof import('axios') {
  return createRequire(import.meta.url)('axios');
}

/**
 * axios, reduced to what we rely on: connections kept alive, bytes as they are, any status an answer, no redirect
 * followed (a token must not travel to another host).
 */
export function makeHttp(): Http {
  const { default: axios, isAxiosError } = loadAxios();
  const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: 8 });
  const httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets: 8 });
  const instance: AxiosInstance = axios.create({
    adapter: 'http',
    httpAgent,
    httpsAgent,
    maxRedirects: 0,
    maxBodyLength: Number.POSITIVE_INFINITY,
    maxContentLength: Number.POSITIVE_INFINITY,
    responseType: 'text',
    transformRequest: [(data: unknown) => data],
    transformResponse: [(data: unknown) => data],
    validateStatus: () => true,
  });
  return {
    async send({ method, url, headers, body, timeoutMs, signal }) {
      try {
        const response = await instance.request<string>({
          method,
          url,
          headers: { ...headers },
          ...(body && { data: body }),
          timeout: timeoutMs,
          ...(signal && { signal }),
        });
        return { status: response.status, headers: textHeaders(response.headers), text: response.data ?? '' };
      } catch (error) {
        signal?.throwIfAborted();
        if (!isAxiosError(error)) throw error;
        throw sendError(method, url, error.code ?? 'no code');
      }
    },
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

/** Neither the axios error nor its config goes on as a cause: both hold the token and the password. */
function sendError(method: string, url: string, code: string): CtiaError {
  const where = `${method} ${withoutQuery(url)}`;
  if (NOTHING_SENT.has(code)) {
    return new CtiaError(
      'unreachable',
      `${where}: ${new URL(url).host} cannot be reached (${code}); check the host and the network`,
    );
  }
  return new CtiaError('unknown', `${where}: no answer (${code}); it may have succeeded`);
}

/** The query of a feed view is its secret. */
export function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? url;
}

function textHeaders(headers: object): Answer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      value === undefined ? undefined : String(value),
    ]),
  );
}
