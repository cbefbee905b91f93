import { queryOptions } from '@tanstack/react-query';
import type { Dashboard } from '~/api/admin-types';
import { api } from '~/api/client';

export const dashboardQuery = queryOptions({
  queryKey: ['admin', 'dashboard'],
  queryFn: ({ signal }) => api.get<Dashboard>('/admin/dashboard', undefined, signal),
  refetchInterval: 15_000,
});
