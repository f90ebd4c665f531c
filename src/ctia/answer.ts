import { CtiaError } from './error.ts';
import { scopesFor } from './scopes.ts';

/** An HTTP answer as it came: CTIA's error bodies are heterogeneous, so the status decides and the body explains. */
export interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  text: string;
}

const EXPLANATION_MAX = 300;

/** Both routes say it as bare text: `Bulk max number of entities: 2000`, `Bundle max nb of entities: 2000`. */
const TOO_MANY = /max (?:number|nb) of entities: (\d+)/;

/**
 * The error that an answer outside 2xx means. `what` names the request for a person: `POST /ctia/bundle/import`; `granted`
 * are the scopes of the token that it was sent with.
 */
export function errorOf(what: string, answer: Answer, granted: readonly string[] = []): CtiaError {
  const { status } = answer;
  const body = parsedOrText(answer.text);
  const said = (kind: string) => `${what} answered ${status} (${kind})${explanation(body)}`;
  if (status === 401) return new CtiaError('token', said('the token was refused'), { status });
  if (status === 403) return refusal(what, body, granted);
  if (status === 404) return missing(what, answer, body);
  if (status === 429) {
    const retryAfterMs = retryAfter(answer.headers['retry-after']);
    const message = `${what} answered 429: the organisation's quota is used up, free again in ${Math.ceil(retryAfterMs / 1000)} s`;
    return new CtiaError('throttled', message, { status, retryAfterMs });
  }
  if (status === 400) {
    const [, entitiesMax] = TOO_MANY.exec(answer.text) ?? [];
    if (entitiesMax !== undefined) {
      return new CtiaError('too-many', said('too many entities'), { status, entitiesMax: Number(entitiesMax) });
    }
    return new CtiaError('invalid', said('refused as invalid'), { status, body });
  }
  if (status >= 500) return new CtiaError('unknown', said('it may have succeeded'), { status });
  return new CtiaError('unexpected', said('an answer the API does not know'), { status, body });
}

function refusal(what: string, body: unknown, granted: readonly string[]): CtiaError {
  const status = 403;
  if (isRecord(body) && body.error === 'missing_capability') {
    const capabilities = [body.capabilities].flat().filter((name) => typeof name === 'string');
    const message = `${what} answered 403: ${whatIsLacking(capabilities, granted)}`;
    return new CtiaError('capability', message, { status, capabilities });
  }
  return new CtiaError('forbidden', `${what} answered 403${explanation(body)}`, { status });
}

const CAPABILITIES_NAMED = 3;

/** CTIA names all capabilities that the request asks for, of a bulk request some twenty, and not which of them is missing. */
function whatIsLacking(capabilities: readonly string[], granted: readonly string[]): string {
  const more = capabilities.length - CAPABILITIES_NAMED;
  const named = capabilities.slice(0, CAPABILITIES_NAMED).join(', ') || 'a capability';
  const asked = more > 0 ? `${named} and ${more} more` : named;
  const scopes = scopesFor(capabilities).filter((scope) => !granted.includes(scope));
  if (scopes.length === 0) return `the API client lacks ${asked}; give it the scope that grants it`;
  const [the, them] = scopes.length === 1 ? ['the scope', 'it'] : ['the scopes', 'them'];
  return `the API client lacks ${the} ${scopes.join(', ')} (for ${asked}): add ${them} to the client`;
}

function missing(what: string, answer: Answer, body: unknown): CtiaError {
  if (/html/i.test(answer.headers['content-type'] ?? '')) {
    const message = `${what} answered 404 with a web page: this host does not serve that route; hosts of two services or regions are mixed`;
    return new CtiaError('wrong-host', message, { status: 404 });
  }
  return new CtiaError('not-found', `${what} answered 404${explanation(body)}`, { status: 404 });
}

/** Whole seconds, at times with a trailing `s`. Where it is missing or unreadable a minute is waited. */
function retryAfter(header: string | undefined): number {
  const [, seconds] = /^\s*(\d+)\s*s?\s*$/.exec(header ?? '') ?? [];
  return seconds === undefined ? 60_000 : Math.max(1, Number(seconds)) * 1000;
}

function explanation(body: unknown): string {
  if (body === undefined || body === '') return '';
  const text = isRecord(body)
    ? String(body.message ?? body.error_description ?? body.error ?? JSON.stringify(body.errors ?? body))
    : String(body);
  const line = text.replace(/\s+/g, ' ').trim();
  return `: ${line.length > EXPLANATION_MAX ? `${line.slice(0, EXPLANATION_MAX)}…` : line}`;
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The body of a success. A proxy's login page is no answer of CTIA's, and its text may hold anything: it is not quoted. */
export function jsonOf(what: string, { status, text }: Pick<Answer, 'status' | 'text'>): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CtiaError('unexpected', `${what} answered ${status} with a body that is not JSON`, { status });
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
