import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { api } from '~/api/client';
import type { Session } from '~/api/types';

export const sessionKey = ['session'] as const;

export const sessionQuery = queryOptions({
  queryKey: sessionKey,
  queryFn: ({ signal }) => api.get<Session>('/session', undefined, signal),
  staleTime: 60_000,
});

export function rememberSession(queryClient: QueryClient, session: Session): void {
  queryClient.setQueryData(sessionKey, session);
}

export const logIn = (input: { email: string; password: string }) => api.post<Session>('/session', input);
export const logOut = () => api.delete('/session');
export const forgotPassword = (email: string) => api.post('/password/forgot', { email });
export const resetPassword = (token: string, password: string) =>
  api.post('/password/reset', { token, password });
