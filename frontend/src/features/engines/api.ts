import { queryOptions } from '@tanstack/react-query';
import type { Engine } from '~/api/admin-types';
import { api } from '~/api/client';
import type { Items } from '~/api/types';

export const enginesKey = ['admin', 'engines'] as const;

export const enginesQuery = queryOptions({
  queryKey: enginesKey,
  queryFn: ({ signal }) => api.get<Items<Engine>>('/admin/engines', undefined, signal),
});

export const selfTest = (id: string) => api.post<Engine>(`/admin/engines/${id}/self-test`);
