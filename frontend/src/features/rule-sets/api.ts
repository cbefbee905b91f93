import { queryOptions } from '@tanstack/react-query';
import type { RuleSet } from '~/api/admin-types';
import { api } from '~/api/client';
import type { Items } from '~/api/types';

export const ruleSetsKey = ['admin', 'rule-sets'] as const;

export const ruleSetsQuery = queryOptions({
  queryKey: ruleSetsKey,
  queryFn: ({ signal }) => api.get<Items<RuleSet>>('/admin/rule-sets', undefined, signal),
});

export const sourceQuery = (name: string, version: number) =>
  queryOptions({
    queryKey: [...ruleSetsKey, name, version] as const,
    queryFn: ({ signal }) =>
      api.get<{ source: string }>(`/admin/rule-sets/${name}/versions/${version}`, undefined, signal),
  });

export type RuleSetInput = { name: string; source: string };

export const uploadRules = (input: RuleSetInput) => api.post<RuleSet>('/admin/rule-sets', input);
export const activateRules = (name: string, version: number | null) =>
  api.put<RuleSet>(`/admin/rule-sets/${name}/active`, { version });
export const removeRules = (name: string) => api.delete(`/admin/rule-sets/${name}`);
