import { queryOptions } from '@tanstack/react-query';
import type { Setting, SettingValue } from '~/api/admin-types';
import { api } from '~/api/client';
import type { PolicyTrial, UserGroup } from '~/api/policy-types';
import type { Items } from '~/api/types';

export const settingsKey = ['admin', 'settings'] as const;

export const settingsQuery = queryOptions({
  queryKey: settingsKey,
  queryFn: ({ signal }) => api.get<Items<Setting>>('/admin/settings', undefined, signal),
});

export const changeSettings = (values: Record<string, SettingValue>) =>
  api.patch<Items<Setting>>('/admin/settings', { values });
export const testMail = (to: string) =>
  api.post<{ sent: boolean; detail: string | null }>('/admin/mail/test', { to });
export const tryPolicy = (
  days: number,
  values: Readonly<Record<string, SettingValue>>,
  group_id: string | undefined,
) => api.post<PolicyTrial>('/admin/policy/trial', { days, values, group_id });
export const changeGroupRules = (group: UserGroup, values: Record<string, string | null>) =>
  api.patch<UserGroup>(`/admin/groups/${group.id}/rules`, { values }, { 'If-Match': `"${group.version}"` });
