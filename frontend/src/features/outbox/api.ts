import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Mail, MailContent } from '~/api/admin-types';
import { api } from '~/api/client';
import type { Page } from '~/api/types';

export const outboxKey = ['admin', 'outbox'] as const;

export const outboxQuery = infiniteQueryOptions({
  queryKey: [...outboxKey, 'list'],
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<Mail>>('/admin/outbox', { cursor: pageParam, limit: 50 }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next_cursor,
  refetchInterval: 15_000,
});

export const mailQuery = (id: string) =>
  queryOptions({
    queryKey: [...outboxKey, 'one', id],
    queryFn: ({ signal }) => api.get<MailContent>(`/admin/outbox/${id}`, undefined, signal),
  });

export const retryMail = (id: string) => api.post(`/admin/outbox/${id}/retry`);
