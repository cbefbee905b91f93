import { infiniteQueryOptions } from '@tanstack/react-query';
import { api } from '~/api/client';
import type { FileRequest, FileRequestInput, Page } from '~/api/types';

export const requestsKey = ['requests'] as const;

export const requestsQuery = infiniteQueryOptions({
  queryKey: requestsKey,
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<FileRequest>>('/requests', { cursor: pageParam, limit: 50 }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next_cursor,
});

export const createRequest = (input: FileRequestInput) => api.post<FileRequest>('/requests', input);
export const cancelRequest = (id: string) => api.delete(`/requests/${id}`);
