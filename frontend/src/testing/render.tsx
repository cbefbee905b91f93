import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { loadTexts, NAMESPACES, startI18n } from '~/i18n';
import { makeQueryClient } from '~/lib/query-client';
import { theme } from '~/ui/theme/theme';

/** Renders with the providers and all English texts, without a router. */
export async function renderWithTexts(children: ReactNode) {
  await startI18n('en');
  await loadTexts(NAMESPACES);
  return render(
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={makeQueryClient()}>{children}</QueryClientProvider>
    </MantineProvider>,
  );
}
