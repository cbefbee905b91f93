import type account from '../locales/en/account.json';
import type admin from '../locales/en/admin.json';
import type common from '../locales/en/common.json';
import type packages from '../locales/en/packages.json';
import type send from '../locales/en/send.json';
import type settings from '../locales/en/settings.json';
import type visit from '../locales/en/visit.json';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: {
      common: typeof common;
      packages: typeof packages;
      visit: typeof visit;
      send: typeof send;
      account: typeof account;
      admin: typeof admin;
      settings: typeof settings;
    };
  }
}
