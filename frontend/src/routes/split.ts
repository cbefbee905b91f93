import type { QueryClient } from '@tanstack/react-query';
import { lazyRouteComponent } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { loadTexts, type Namespace } from '~/i18n';

export type LoadContext = {
  queryClient: QueryClient;
  params: Record<string, string>;
  search: Record<string, unknown>;
};
/** What a route's file exports: the page, and what to fetch before it is shown. */
export type PageModule = { Page: ComponentType; load?: (context: LoadContext) => unknown };

type LoaderArguments = {
  context: { queryClient: QueryClient };
  params: object;
  location: { search: object };
};

/** Makes a route of its own chunk: code, texts and data are fetched side by side with the change of address. */
export function split(load: () => Promise<PageModule>, texts: readonly Namespace[]) {
  return {
    component: lazyRouteComponent(load, 'Page'),
    loader: async ({ context, params, location }: LoaderArguments): Promise<void> => {
      const [page] = await Promise.all([load(), loadTexts(texts)]);
      await page.load?.({
        queryClient: context.queryClient,
        params: { ...params } as Record<string, string>,
        search: { ...location.search } as Record<string, unknown>,
      });
    },
  };
}
