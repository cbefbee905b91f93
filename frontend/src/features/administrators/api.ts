import { queryOptions } from '@tanstack/react-query';
import type { Administrator } from '~/api/admin-types';
import { api } from '~/api/client';
import type { Items } from '~/api/types';

export const administratorsKey = ['admin', 'administrators'] as const;

export const administratorsQuery = queryOptions({
  queryKey: administratorsKey,
  queryFn: ({ signal }) => api.get<Items<Administrator>>('/admin/administrators', undefined, signal),
});

type Input = { email: string; name: string; password: string; permissions?: string[] };
export const createAdministrator = (input: Input) => api.post<Administrator>('/admin/administrators', input);
