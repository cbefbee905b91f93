import { type QueryClient, queryOptions } from '@tanstack/react-query';
import type { AdminSession } from '~/api/admin-types';
import { api } from '~/api/client';
import type { Items, SessionEntry } from '~/api/types';

export const adminSessionKey = ['admin', 'session'] as const;

export const adminSessionQuery = queryOptions({
  queryKey: adminSessionKey,
  queryFn: ({ signal }) => api.get<AdminSession>('/admin/session', undefined, signal),
  staleTime: 60_000,
});

export const adminSessionsQuery = {
  queryKey: ['admin', 'sessions'],
  queryFn: () => api.get<Items<SessionEntry>>('/admin/sessions'),
};

export const endAdminSession = (id: string) => api.delete(`/admin/sessions/${id}`);
export const adminLogIn = (input: { email: string; password: string }) =>
  api.post<AdminSession>('/admin/session', input);
export const adminLogOut = () => api.delete('/admin/session');
export const adminChangePassword = (input: { current: string; new: string }) =>
  api.post('/admin/password', input);

export function rememberAdminSession(queryClient: QueryClient, session: AdminSession): void {
  queryClient.setQueryData(adminSessionKey, session);
}
