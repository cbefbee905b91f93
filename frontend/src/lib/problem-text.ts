import { isProblem } from '~/api/problem';
import { type T, textOf } from '~/i18n/use-t';
import { formatDuration } from './format';

/** What went wrong in the reader's language; every place that shows an error asks here. */
export function problemText(t: T, locale: string, error: unknown): string {
  if (!isProblem(error)) return t('error.unexpected');
  const wait = error.problem.retry_after;
  if (error.code === 'rate_limited' && wait) {
    return t('error.rate_limited_wait', { wait: formatDuration(wait, locale) });
  }
  return textOf(t, 'error', error.code);
}

/** Field errors of a refused form, keyed by field, ready for a form's `setErrors`. */
export function fieldErrors(t: T, error: unknown): Record<string, string> {
  if (!isProblem(error)) return {};
  const named = (error.problem.errors ?? []).map(({ field, code }) => [
    // "recipients[2]" and "values.mail.host" are shown at the input they belong to.
    field.replace(/\[\d+\].*$/, '').replace(/^values\./, ''),
    textOf(t, 'field_error', code),
  ]);
  return Object.fromEntries(named);
}
