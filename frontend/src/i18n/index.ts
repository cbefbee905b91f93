import i18next, { type BackendModule } from 'i18next';
import { initReactI18next } from 'react-i18next';

export const LANGUAGES = ['en', 'cs'] as const;
export type Language = (typeof LANGUAGES)[number];
/** Each language calls itself by its own name. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: 'English', cs: 'Čeština' };

export const NAMESPACES = ['common', 'packages', 'visit', 'send', 'account', 'admin', 'settings'] as const;
export type Namespace = (typeof NAMESPACES)[number];

const STORAGE_KEY = 'sofie-language';
const files = import.meta.glob<Record<string, unknown>>('../locales/*/*.json', { import: 'default' });

const backend: BackendModule = {
  type: 'backend',
  init: () => {},
  read: (language, namespace, done) => {
    const load = files[`../locales/${language}/${namespace}.json`];
    if (!load) return done(new Error(`no texts ${language}/${namespace}`), false);
    load().then(
      (texts) => done(null, texts),
      (error: Error) => done(error, false),
    );
  },
};

export function isLanguage(text: string | null | undefined): text is Language {
  return LANGUAGES.some((language) => language === text);
}

/** Chosen before, else the first language of the browser that we speak, else English. */
export function preferredLanguage(): Language {
  const chosen = localStorage.getItem(STORAGE_KEY);
  if (isLanguage(chosen)) return chosen;
  for (const tag of navigator.languages) {
    const language = tag.split('-')[0];
    if (language === 'sk') return 'cs';
    if (isLanguage(language)) return language;
  }
  return 'en';
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(STORAGE_KEY, language);
}

export async function startI18n(language: Language = preferredLanguage()): Promise<typeof i18next> {
  i18next.on('languageChanged', (next) => {
    document.documentElement.lang = next;
  });
  const started = i18next
    .use(backend)
    .use(initReactI18next)
    .init({
      lng: language,
      supportedLngs: LANGUAGES,
      fallbackLng: false,
      ns: ['common'],
      defaultNS: 'common',
      interpolation: { escapeValue: false },
      react: { useSuspense: false },
    });
  ready = started;
  await started;
  return i18next;
}

let ready: Promise<unknown> = Promise.resolve();

export async function loadTexts(namespaces: readonly Namespace[]): Promise<void> {
  // Begun at once, even while the common texts are still on their way.
  for (const namespace of namespaces) void files[`../locales/${preferredLanguage()}/${namespace}.json`]?.();
  await ready;
  await i18next.loadNamespaces(namespaces);
}
