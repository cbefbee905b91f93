import { infiniteQueryOptions } from '@tanstack/react-query';
import type { Exception, ExceptionInput, ListedHash } from '~/api/admin-types';
import { api } from '~/api/client';
import type { Page } from '~/api/types';

export const exceptionsKey = ['admin', 'exceptions'] as const;
export const hashesKey = ['admin', 'hashes'] as const;

export const exceptionsQuery = infiniteQueryOptions({
  queryKey: exceptionsKey,
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<Exception>>('/admin/exceptions', { cursor: pageParam, limit: 50 }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next_cursor,
});

export const hashesQuery = infiniteQueryOptions({
  queryKey: hashesKey,
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<ListedHash>>('/admin/hashes', { cursor: pageParam, limit: 50 }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next_cursor,
});

export const proposeException = (input: ExceptionInput) => api.post<Exception>('/admin/exceptions', input);
export const approveException = (id: string) => api.post<Exception>(`/admin/exceptions/${id}/approve`);
export const revokeException = (id: string) => api.delete(`/admin/exceptions/${id}`);
export const addHashes = (hashes: string) => api.post<{ added: number }>('/admin/hashes', { hashes });
export const removeHash = (sha256: string) => api.delete(`/admin/hashes/${sha256}`);
