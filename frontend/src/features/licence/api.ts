import { queryOptions } from '@tanstack/react-query';
import { api } from '~/api/client';
import type { Licence } from '~/api/licence-types';

export const licenceKey = ['admin', 'licence'] as const;

export const licenceQuery = queryOptions({
  queryKey: licenceKey,
  queryFn: ({ signal }) => api.get<Licence>('/admin/licence', undefined, signal),
});

export const installLicence = (text: string) => api.put<Licence>('/admin/licence', { text });
export const removeLicence = () => api.delete('/admin/licence');
