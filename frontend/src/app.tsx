import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import type { makeRouter } from './router';
import { theme } from './ui/theme/theme';

const colorScheme = localStorageColorSchemeManager({ key: 'sofie-color-scheme' });

type Props = { router: ReturnType<typeof makeRouter>; queryClient: QueryClient };

/** The providers. Mantine's variables and classes come as static files: it may inject no style (CSP). */
export function App({ router, queryClient }: Props) {
  return (
    <MantineProvider
      theme={theme}
      colorSchemeManager={colorScheme}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
      withStaticClasses={false}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
