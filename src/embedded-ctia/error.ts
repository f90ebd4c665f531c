/**
 * What a person has to settle before the embedded server can start. The message says what was found and the way out.
 *   port-busy         somebody else listens there; never answered by taking another port, since ids carry it
 *   store-locked      another process holds this data folder
 *   public-url        the store's ids carry another public URL than the one asked for
 *   tls               it would listen for others without TLS, or a file for TLS cannot be read
 *   store-unreadable  the file is no store of ours, or of a newer release
 */
export class EmbeddedCtiaError extends Error {
  readonly kind: 'port-busy' | 'store-locked' | 'public-url' | 'store-unreadable' | 'tls';

  constructor(kind: EmbeddedCtiaError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedCtiaError';
    this.kind = kind;
  }
}
