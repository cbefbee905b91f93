import './mantine.css';
import { MantineProvider } from '@mantine/core';
import type { ReactNode } from 'react';
import { useScheme } from './color-scheme';
import { theme } from './theme';

/**
 * What Mantine's components need around them. Only frames with such components have it: recipients of a package
 * load nothing of it. Its variables and classes come as static files: it may inject no style (CSP).
 */
export function WithMantine({ children }: { children: ReactNode }) {
  return (
    <MantineProvider
      theme={theme}
      forceColorScheme={useScheme()}
      withCssVariables={false}
      withGlobalClasses={false}
      withStaticClasses={false}
    >
      {children}
    </MantineProvider>
  );
}
