import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { NAMESPACES } from './index';

/** Translates; keys of another namespace than "common" are written `namespace:key`, and checked by the compiler. */
export type T = TFunction<[...typeof NAMESPACES]>;

export function useT(): T {
  // The route's loader has fetched the namespaces, so the one function serves all of them.
  return useTranslation('common').t as unknown as T;
}

export function useLocale(): string {
  return useTranslation('common').i18n.language;
}

/** Looks up a text by a code that the server sent; a code without a text is shown as it is. */
export function textOf(t: T, prefix: string, code: string): string {
  const lookup = t as unknown as (key: string, options: { defaultValue: string }) => string;
  return lookup(`${prefix}.${code}`, { defaultValue: code });
}

/** The name of an engine by its id: `eicar`, or its kind with a number where there are several, such as `clamd-2`. */
export function engineText(t: T, id: string): string {
  const [, kind = id, number] = id.match(/^(.*)-(\d+)$/) ?? [];
  return [textOf(t, 'packages:engine', kind), number].filter(Boolean).join(' ');
}
