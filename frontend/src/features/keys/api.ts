import { queryOptions } from '@tanstack/react-query';
import { api } from '~/api/client';
import type { Keys } from '~/api/key-types';

export const keysKey = ['admin', 'keys'] as const;

export const keysQuery = queryOptions({
  queryKey: keysKey,
  queryFn: ({ signal }) => api.get<Keys>('/admin/keys', undefined, signal),
  // While packages move the page shows how far they are.
  refetchInterval: ({ state }) => (state.data?.rotation.running ? 2000 : false),
});

export const activateKey = (id: string) => api.post<Keys>(`/admin/keys/${id}/activate`);
export const removeKey = (id: string) => api.delete(`/admin/keys/${id}`);
export const beginRotation = () => api.post<Keys>('/admin/keys/rotation');
export const stopRotation = () => api.delete('/admin/keys/rotation');
