import i18next, { type Resource } from 'i18next';
import { beforeAll, expect, it } from 'vitest';
import csCommon from '../locales/cs/common.json';
import csPackages from '../locales/cs/packages.json';

beforeAll(async () => {
  const resources: Resource = { cs: { common: csCommon, packages: csPackages } };
  await i18next.init({ lng: 'cs', resources, defaultNS: 'common', interpolation: { escapeValue: false } });
});

it.each([
  [1, '1 soubor'],
  [2, '2 soubory'],
  [4, '4 soubory'],
  [5, '5 souborů'],
  [1.5, '1.5 souboru'],
  [0, '0 souborů'],
])('%d in Czech is "%s"', (count, text) => {
  expect(i18next.t('packages:file_count', { count })).toBe(text);
});
