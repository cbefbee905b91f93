import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { AdminUser } from '~/api/admin-types';
import { api } from '~/api/client';
import type { GroupInput, UserGroup } from '~/api/policy-types';
import type { Items, Page } from '~/api/types';

export const groupsKey = ['admin', 'groups'] as const;
/** Users tell of their groups. */
export const usersKey = ['admin', 'users'] as const;

export const groupsQuery = queryOptions({
  queryKey: groupsKey,
  queryFn: ({ signal }) => api.get<Items<UserGroup>>('/admin/groups', undefined, signal),
});

export const membersKey = (id: string) => [...groupsKey, id, 'members'] as const;

export const membersQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: membersKey(id),
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<AdminUser>>(`/admin/groups/${id}/members`, { cursor: pageParam, limit: 50 }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

export const candidatesQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: [...usersKey, 'candidates', q] as const,
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<AdminUser>>('/admin/users', { q, cursor: pageParam, limit: 10 }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

const seen = (group: UserGroup): Record<string, string> => ({ 'If-Match': `"${group.version}"` });

export const createGroup = (input: GroupInput) => api.post<UserGroup>('/admin/groups', input);
export const changeGroup = (group: UserGroup, input: GroupInput) =>
  api.patch<UserGroup>(`/admin/groups/${group.id}`, input, seen(group));
export const removeGroup = (group: UserGroup) => api.delete(`/admin/groups/${group.id}`, seen(group));
export const orderGroups = (ids: string[]) => api.put('/admin/groups/order', { ids });
export const addMember = (id: string, user: string) => api.put(`/admin/groups/${id}/members/${user}`, {});
export const removeMember = (id: string, user: string) => api.delete(`/admin/groups/${id}/members/${user}`);
