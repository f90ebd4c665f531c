import type { AnyObservable } from '../../ctim/bundle.ts';
import { quoted } from '../../ctim/problem.ts';
import { CTIM_OBSERVABLE_TYPES } from '../../ctim/vocabulary.ts';
import { normalise } from '../../lists/normalise.ts';

/**
 * An observable as a person writes it in one text:
 *
 *   203.0.113.7, evil.example, a hash, a URL   its type is seen
 *   hostname:web-1, user:ada, ip:203.0.113.7   its type stands before a colon
 *
 * Types that lists know are brought into their normal form, so that one thing is one value; the value of any other type is
 * taken as it stands.
 */
export function observableOfText(text: string): { readonly value: AnyObservable } | { readonly wrong: string } {
  const [, type, rest] = /^([a-z][a-z0-9_]*):(?!\/\/)(.+)$/s.exec(text) ?? [];
  // `fd00:` may begin an address; no type of CTIM's reads as hexadecimal digits.
  if (type !== undefined && rest !== undefined && CTIM_OBSERVABLE_TYPES.includes(type)) {
    return { value: normalForm({ type, value: rest }) };
  }
  const said = normalise(text, { refang: true });
  if ('observable' in said) return { value: said.observable };
  const { message } = said.refused;
  return {
    wrong: `${message}; an observable of another type is written TYPE:VALUE, such as ${quoted('hostname:web-1')}`,
  };
}

/** The same thing in the one form that lists have of it; as it is where its type is none of theirs or its value is none of that type. */
export function normalForm(observable: AnyObservable): AnyObservable {
  const { type, value } = observable;
  const said = normalise(value);
  if ('observable' in said && said.observable.type === type) return said.observable;
  return observable;
}

/** Typed and whole: never by a part of a value. `EVIL.example` and `evil.example` are one domain, `/A` and `/a` two URLs. */
export function isSame(a: AnyObservable, b: AnyObservable): boolean {
  const [x, y] = [normalForm(a), normalForm(b)];
  return x.type === y.type && x.value === y.value;
}

/** One string for one observable, to key maps with. */
export function keyOfAny(observable: AnyObservable): string {
  const { type, value } = normalForm(observable);
  return `${type} ${value}`;
}
