import { infiniteQueryOptions } from '@tanstack/react-query';
import type { Waiting } from '~/api/admin-types';
import { api } from '~/api/client';
import type { Package, Page } from '~/api/types';

export const checksKey = ['admin', 'checks'] as const;

export const checksQuery = infiniteQueryOptions({
  queryKey: checksKey,
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<Waiting>>('/admin/checks', { cursor: pageParam, limit: 50 }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next_cursor,
  refetchInterval: 5000,
});

export const stopChecks = (id: string, reason: string) =>
  api.post<Package>(`/admin/packages/${id}/stop-checks`, { reason });
