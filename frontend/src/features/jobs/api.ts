import { infiniteQueryOptions } from '@tanstack/react-query';
import type { Job } from '~/api/admin-types';
import { api } from '~/api/client';
import type { Page } from '~/api/types';

export const jobsKey = ['admin', 'jobs'] as const;

export const deadJobsQuery = infiniteQueryOptions({
  queryKey: [...jobsKey, 'dead'],
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<Job>>('/admin/jobs', { state: 'dead', cursor: pageParam, limit: 50 }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next_cursor,
});

export const retryJob = (id: string) => api.post(`/admin/jobs/${id}/retry`);
