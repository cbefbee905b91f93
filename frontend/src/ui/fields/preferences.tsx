import { ActionIcon, Menu, useMantineColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { LANGUAGE_NAMES, LANGUAGES, type Language, rememberLanguage } from '~/i18n';
import { useT } from '~/i18n/use-t';
import { Icon, type IconName } from '~/ui/brand/icon';

export function useLanguage(): [string, (language: Language) => void] {
  const { i18n } = useTranslation('common');
  return [
    i18n.language,
    (language) => {
      rememberLanguage(language);
      void i18n.changeLanguage(language);
    },
  ];
}

const SCHEMES = ['light', 'dark', 'auto'] as const;
const SCHEME_ICONS: Record<(typeof SCHEMES)[number], IconName> = {
  light: 'sun',
  dark: 'moon',
  auto: 'settings',
};

/** Language and colours, on every page. */
export function Preferences() {
  const t = useT();
  const [language, setLanguage] = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={190}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('preferences.title')}>
          <Icon name="language" size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('preferences.language')}</Menu.Label>
        {LANGUAGES.map((code) => (
          <Menu.Item
            key={code}
            lang={code}
            role="menuitemradio"
            aria-checked={language === code}
            onClick={() => setLanguage(code)}
            rightSection={language === code ? <Icon name="check" size={16} /> : null}
          >
            {LANGUAGE_NAMES[code]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t('preferences.scheme')}</Menu.Label>
        {SCHEMES.map((scheme) => (
          <Menu.Item
            key={scheme}
            role="menuitemradio"
            aria-checked={colorScheme === scheme}
            leftSection={<Icon name={SCHEME_ICONS[scheme]} size={16} />}
            onClick={() => setColorScheme(scheme)}
            rightSection={colorScheme === scheme ? <Icon name="check" size={16} /> : null}
          >
            {t(`preferences.${scheme}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
