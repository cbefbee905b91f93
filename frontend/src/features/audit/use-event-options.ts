import { useTranslation } from 'react-i18next';

/** The events we have words for, by those words. */
export function useEventOptions(): { value: string; label: string }[] {
  const { i18n } = useTranslation('common');
  const texts: Record<string, string> = i18n.getResource(i18n.language, 'admin', 'event') ?? {};
  return Object.entries(texts)
    .map(([value, label]) => ({ value, label }))
    .sort((a, b) => a.label.localeCompare(b.label, i18n.language));
}
