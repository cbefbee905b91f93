import { useLocale } from '~/i18n/use-t';
import { formatDateTime, formatRelative } from '~/lib/format';

/** A moment, relative; the exact time is one hover (or one screen reader attribute) away. */
export function Time({ at, exact }: { at: string; exact?: boolean }) {
  const locale = useLocale();
  const absolute = formatDateTime(at, locale);
  return (
    <time dateTime={at} title={absolute}>
      {exact ? absolute : formatRelative(at, Date.now(), locale)}
    </time>
  );
}

/** Both at once, where the exact time matters. */
export function FullTime({ at }: { at: string }) {
  const locale = useLocale();
  return (
    <time dateTime={at}>
      {formatDateTime(at, locale)} ({formatRelative(at, Date.now(), locale)})
    </time>
  );
}
