import { useSyncExternalStore } from 'react';

export const SCHEMES = ['light', 'dark', 'auto'] as const;
export type Scheme = (typeof SCHEMES)[number];

const STORAGE_KEY = 'sofie-color-scheme';
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function chosen(): Scheme {
  const stored = localStorage.getItem(STORAGE_KEY);
  return SCHEMES.find((scheme) => scheme === stored) ?? 'auto';
}

let choice = chosen();

export function shownScheme(): 'light' | 'dark' {
  if (choice !== 'auto') return choice;
  return dark.matches ? 'dark' : 'light';
}

function apply(): void {
  document.documentElement.dataset.mantineColorScheme = shownScheme();
  for (const listener of listeners) listener();
}

export function chooseScheme(scheme: Scheme): void {
  choice = scheme;
  localStorage.setItem(STORAGE_KEY, scheme);
  apply();
}

/** Called once, before anything is drawn; follows the system and the choices made in other tabs. */
export function startColorScheme(): void {
  dark.addEventListener('change', apply);
  window.addEventListener('storage', ({ key }) => {
    if (key !== STORAGE_KEY) return;
    choice = chosen();
    apply();
  });
  apply();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What was chosen. */
export const useSchemeChoice = (): Scheme => useSyncExternalStore(subscribe, () => choice);
/** What is shown. */
export const useScheme = (): 'light' | 'dark' => useSyncExternalStore(subscribe, shownScheme);
