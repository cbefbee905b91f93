import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { AdminUser, AdminUserInput, AdminUserPatch } from '~/api/admin-types';
import { api } from '~/api/client';
import type { UserRule } from '~/api/policy-types';
import type { Items, Page } from '~/api/types';

export const usersKey = ['admin', 'users'] as const;

export const usersQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: [...usersKey, q],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<AdminUser>>('/admin/users', { q, cursor: pageParam, limit: 50 }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

export const userRulesQuery = (id: string) =>
  queryOptions({
    queryKey: [...usersKey, id, 'rules'] as const,
    queryFn: ({ signal }) => api.get<Items<UserRule>>(`/admin/users/${id}/rules`, undefined, signal),
  });

export const createUser = (input: AdminUserInput) => api.post<AdminUser>('/admin/users', input);
export const changeUser = (id: string, input: AdminUserPatch) =>
  api.patch<AdminUser>(`/admin/users/${id}`, input);
export const resetUser = (id: string) => api.post(`/admin/users/${id}/reset`);
export const endUserSessions = (id: string) => api.delete(`/admin/users/${id}/sessions`);
