import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { api } from '~/api/client';
import type { Visit } from '~/api/types';

export const visitKey = (id: string) => ['visits', id] as const;

export const visitQuery = (id: string) =>
  queryOptions({
    queryKey: visitKey(id),
    queryFn: ({ signal }) => api.get<Visit>(`/visits/${id}`, undefined, signal),
    // While files are being checked the stream of events brings the news; this is the net below it.
    refetchInterval: ({ state }) => (state.data?.step === 'waiting' ? 20_000 : false),
    retry: false,
  });

export const openLink = (secret: string) => api.post<Visit>('/links/open', { secret });
export const requestCode = (id: string) => api.post<Visit>(`/visits/${id}/code`);
export const verifyCode = (id: string, code: string) => api.post<Visit>(`/visits/${id}/verify`, { code });
export const givePassword = (id: string, password: string) =>
  api.post<Visit>(`/visits/${id}/password`, { password });
export const confirmAccess = (id: string) => api.post<Visit>(`/visits/${id}/access`);

export function rememberVisit(queryClient: QueryClient, visit: Visit): void {
  queryClient.setQueryData(visitKey(visit.id), visit);
}
