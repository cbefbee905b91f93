import { useLocale } from '~/i18n/use-t';
import { formatNumber, formatSize } from '~/lib/format';

export function Size({ bytes }: { bytes: number }) {
  const locale = useLocale();
  return <span title={`${formatNumber(bytes, locale)} B`}>{formatSize(bytes, locale)}</span>;
}
