import { type ReactNode, type ToggleEvent, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { LANGUAGE_NAMES, LANGUAGES, type Language, rememberLanguage } from '~/i18n';
import { useT } from '~/i18n/use-t';
import { IconButton } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { chooseScheme, SCHEMES, useSchemeChoice } from '~/ui/theme/color-scheme';
import classes from './preferences.module.css';

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

type ChoiceProps = {
  name: string;
  checked: boolean;
  onChoose: () => void;
  lang?: string;
  children: ReactNode;
};

function Choice({ name, checked, onChoose, lang, children }: ChoiceProps) {
  return (
    <label className={classes.choice} lang={lang}>
      <input type="radio" name={name} checked={checked} onChange={onChoose} />
      <span>{children}</span>
    </label>
  );
}

/** Puts the panel under the button, inside the window: the browser only puts it on top of everything. */
function place(event: ToggleEvent<HTMLDivElement>): void {
  const panel = event.currentTarget;
  const button = document.querySelector<HTMLElement>(`[popovertarget="${panel.id}"]`);
  if (event.newState !== 'open' || !button) return;
  const { bottom, right } = button.getBoundingClientRect();
  panel.style.top = `${bottom + 6}px`;
  panel.style.left = `${Math.max(8, Math.min(right - panel.offsetWidth, window.innerWidth - panel.offsetWidth - 8))}px`;
  if (right < panel.offsetWidth) panel.style.left = '8px';
}

/** Language and colours, on every page. The browser's own popover, so that recipients load no library for it. */
export function Preferences() {
  const t = useT();
  const id = useId();
  const [language, setLanguage] = useLanguage();
  const chosen = useSchemeChoice();
  return (
    <>
      <IconButton aria-label={t('preferences.title')} popoverTarget={id}>
        <Icon name="language" size={20} />
      </IconButton>
      {/* biome-ignore lint/a11y/useSemanticElements: a dialog element would be modal, this is not */}
      <div
        id={id}
        popover="auto"
        role="group"
        aria-label={t('preferences.title')}
        className={classes.panel}
        onToggle={place}
      >
        <fieldset>
          <legend>{t('preferences.language')}</legend>
          {LANGUAGES.map((code) => (
            <Choice
              key={code}
              name={`${id}-language`}
              lang={code}
              checked={language === code}
              onChoose={() => setLanguage(code)}
            >
              {LANGUAGE_NAMES[code]}
            </Choice>
          ))}
        </fieldset>
        <fieldset>
          <legend>{t('preferences.scheme')}</legend>
          {SCHEMES.map((scheme) => (
            <Choice
              key={scheme}
              name={`${id}-scheme`}
              checked={chosen === scheme}
              onChoose={() => chooseScheme(scheme)}
            >
              {t(`preferences.${scheme}`)}
            </Choice>
          ))}
        </fieldset>
      </div>
    </>
  );
}
