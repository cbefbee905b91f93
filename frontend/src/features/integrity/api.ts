import { queryOptions } from '@tanstack/react-query';
import { api } from '~/api/client';
import type { Integrity } from '~/api/key-types';

export const integrityKey = ['admin', 'integrity'] as const;

export const integrityQuery = queryOptions({
  queryKey: integrityKey,
  queryFn: ({ signal }) => api.get<Integrity>('/admin/integrity', undefined, signal),
  refetchInterval: ({ state }) => (state.data?.run?.state === 'running' ? 2000 : false),
});

export const beginCheck = (deep: boolean) => api.post<Integrity>('/admin/integrity/run', { deep });
export const cancelCheck = () => api.delete('/admin/integrity/run');
