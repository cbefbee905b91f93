import { QueryClient } from '@tanstack/react-query';
import { isProblem } from '~/api/problem';

/** Retries only what may go away by itself: no connection, or a server in trouble. */
function mayRetry(count: number, error: unknown): boolean {
  return count < 2 && (!isProblem(error) || error.status === 0 || error.status >= 500);
}

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 15_000, gcTime: 10 * 60_000, retry: mayRetry, refetchOnWindowFocus: true },
      mutations: { retry: false },
    },
  });
}
