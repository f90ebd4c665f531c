/**
 * An observable is a typed value in normal form. Two entries name the same thing exactly when type and value are equal,
 * compared whole and with case: CTIA's index folds case, so what a search returns is compared again with `sameObservable`.
 */

/** The types that a firewall feed is made of; every channel has them unless its settings say otherwise. */
export const FEED_TYPES = ['ip', 'ipv6', 'domain', 'url', 'sha256'] as const;

/** CTIM types that we recognise, and publish only where a channel declares them. Elsewhere they are *unsupported*: a notice. */
export const DECLARABLE_TYPES = ['md5', 'sha1', 'email', 'hostname', 'file_name'] as const;

export type FeedType = (typeof FEED_TYPES)[number];
export type ObservableType = FeedType | (typeof DECLARABLE_TYPES)[number];

export const OBSERVABLE_TYPES: readonly ObservableType[] = [...FEED_TYPES, ...DECLARABLE_TYPES];

export interface Observable {
  readonly type: ObservableType;
  readonly value: string;
}

export function isObservableType(text: string): text is ObservableType {
  return (OBSERVABLE_TYPES as readonly string[]).includes(text);
}

export function sameObservable(a: Observable, b: Observable): boolean {
  return a.type === b.type && a.value === b.value;
}

/** One string for one observable, to key maps with. A blank stands in no type, so the first one separates. */
export function observableKey(observable: Observable): string {
  return `${observable.type} ${observable.value}`;
}

/** A CIDR, which stands for many addresses. */
export function isRange({ type, value }: Observable): boolean {
  return (type === 'ip' || type === 'ipv6') && value.includes('/');
}
