/** By itself, so that who only asks whether an error is one loads no Redis client. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
}
