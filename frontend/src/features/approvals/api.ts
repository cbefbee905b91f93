import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api } from '~/api/client';
import type { PackageSummary, Page, ToApprove } from '~/api/types';

export const approvalsKey = ['approvals'] as const;

export const approvalsQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: [...approvalsKey, 'list', q] as const,
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<PackageSummary>>('/approvals', { q, cursor: pageParam, limit: 50 }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: 15_000,
  });

export const approvalQuery = (id: string) =>
  queryOptions({
    queryKey: [...approvalsKey, 'one', id] as const,
    queryFn: ({ signal }) => api.get<ToApprove>(`/approvals/${id}`, undefined, signal),
  });

/** Approves what was looked at; refused if that has changed. */
export const approvePackage = ({ package: { id }, held }: ToApprove, reason: string) =>
  api.post(`/approvals/${id}/approve`, { reason, held });
export const disapprovePackage = (id: string, reason: string) =>
  api.post(`/approvals/${id}/reject`, { reason });
