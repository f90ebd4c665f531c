import { createRequire } from 'node:module';
import { pino } from 'pino';
import { maskSecrets } from './secrets.ts';

export type Log = pino.Logger;

export interface LogOptions {
  level: 'silent' | 'error' | 'warn' | 'info' | 'debug';
  /** A file to append to, or stderr where there is none. */
  file?: string;
  /** Lines for people instead of JSON. */
  pretty: boolean;
}

/**
 * Lines are written at once, in this process: a worker thread would lose the last ones when we end. `secrets` are the
 * texts, such as the client's password, that no line may hold wherever they come from.
 */
export function makeLog({ level, file, pretty }: LogOptions, secrets: string[] = []): Log {
  const written = pino.destination({ dest: file ?? process.stderr.fd, mkdir: true, sync: true });
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: plainError, error: plainError, cause: plainError },
    // Redaction by path sees neither a secret inside a URL or an error's text nor one deep in an object, so the finished
    // line is masked.
    hooks: { streamWrite: (line) => maskSecrets(line, secrets) },
  };
  if (!pretty) return pino(options, written);
  const forPeople = prettyFormat({ colorize: file === undefined && process.stderr.isTTY });
  return pino(options, { write: (line) => written.write(forPeople(line)) });
}

export const silentLog: Log = pino({ level: 'silent' });

/** Loading it takes a tenth of a second, which only those pay who ask for it. */
function prettyFormat(options: import('pino-pretty').PrettyOptions): (line: string) => string {
  const { prettyFactory }: typeof import('pino-pretty') = createRequire(import.meta.url)('pino-pretty');
  return prettyFactory({ translateTime: 'SYS:HH:MM:ss', ...options });
}

interface PlainError {
  type: string;
  message: string;
  stack?: string;
  code?: string | number;
  kind?: string;
  cause?: PlainError;
  errors?: PlainError[];
}

/**
 * What is worth reading of an error. Its other properties stay out: an HTTP client's carry the whole request, its
 * headers and body.
 */
function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    ...(stack !== undefined && { stack }),
    ...('code' in error && (typeof error.code === 'string' || typeof error.code === 'number') && { code: error.code }),
    ...('kind' in error && typeof error.kind === 'string' && { kind: error.kind }),
    ...(cause !== undefined && { cause: plainError(cause) }),
    ...(error instanceof AggregateError && { errors: error.errors.map(plainError) }),
  };
}
