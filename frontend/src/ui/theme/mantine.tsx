import './mantine.css';
import { type MantineColorSchemeManager, MantineProvider } from '@mantine/core';
import type { ReactNode } from 'react';
import { shownScheme, useScheme } from './color-scheme';
import { theme } from './theme';

const nothing = (): void => undefined;

/** Mantine asks here when it begins; its own memory knows of no choice, and a dark page would be light for a moment. */
const ourScheme: MantineColorSchemeManager = {
  get: shownScheme,
  set: nothing,
  subscribe: nothing,
  unsubscribe: nothing,
  clear: nothing,
};

/**
 * What Mantine's components need around them. Only frames with such components have it: recipients of a package
 * load nothing of it. Its variables and classes come as static files: it may inject no style (CSP).
 */
export function WithMantine({ children }: { children: ReactNode }) {
  return (
    <MantineProvider
      theme={theme}
      forceColorScheme={useScheme()}
      colorSchemeManager={ourScheme}
      withCssVariables={false}
      withGlobalClasses={false}
      withStaticClasses={false}
    >
      {children}
    </MantineProvider>
  );
}
