import { queryOptions } from '@tanstack/react-query';
import { api } from '~/api/client';
import type { ApiToken, Items, NewApiToken, Session, SessionEntry } from '~/api/types';

export const tokensKey = ['account', 'tokens'] as const;

export const sessionsQuery = {
  queryKey: ['account', 'sessions'],
  queryFn: () => api.get<Items<SessionEntry>>('/sessions'),
};
export const tokensQuery = queryOptions({
  queryKey: tokensKey,
  queryFn: () => api.get<Items<ApiToken>>('/tokens'),
});

export const changeMe = (input: { name?: string; locale?: string }) => api.patch<Session>('/me', input);
export const changePassword = (input: { current: string; new: string }) => api.post('/password', input);
export const endSession = (id: string) => api.delete(`/sessions/${id}`);
export const createToken = (input: { name: string; expires_in_days?: number }) =>
  api.post<NewApiToken>('/tokens', input);
export const deleteToken = (id: string) => api.delete(`/tokens/${id}`);
