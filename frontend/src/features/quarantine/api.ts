import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { ObjectList, PackageView, Sample, Verdicts } from '~/api/admin-types';
import { api } from '~/api/client';
import type { Package, PackageSummary, Page } from '~/api/types';

export const adminPackageKeys = {
  all: ['admin', 'packages'] as const,
  one: (id: string) => ['admin', 'packages', 'one', id] as const,
};

export const adminPackagesQuery = (view: PackageView, q: string) =>
  infiniteQueryOptions({
    queryKey: ['admin', 'packages', 'list', view, q],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<PackageSummary>>('/admin/packages', { view, q, cursor: pageParam, limit: 50 }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: view === 'checking' || view === 'quarantined' ? 15_000 : false,
  });

export const adminPackageQuery = (id: string) =>
  queryOptions({
    queryKey: adminPackageKeys.one(id),
    queryFn: ({ signal }) => api.get<Package>(`/admin/packages/${id}`, undefined, signal),
    refetchInterval: ({ state }) => (state.data?.state === 'checking' ? 3000 : false),
  });

export const verdictsQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin', 'packages', 'verdicts', id],
    queryFn: ({ signal }) => api.get<Verdicts>(`/admin/packages/${id}/verdicts`, undefined, signal),
  });

export const objectsQuery = (id: string, fileId: string) =>
  queryOptions({
    queryKey: ['admin', 'packages', 'objects', id, fileId],
    queryFn: ({ signal }) =>
      api.get<ObjectList>(`/admin/packages/${id}/files/${fileId}/objects`, undefined, signal),
  });

export const aboutSample = (id: string, fileId: string) =>
  api.get<Sample>(`/admin/packages/${id}/files/${fileId}/sample`);
export const releasePackage = (id: string, reason: string) =>
  api.post<Package>(`/admin/packages/${id}/release`, { reason });
export const rejectPackage = (id: string, reason: string) =>
  api.post<Package>(`/admin/packages/${id}/reject`, { reason });
export const recheckPackage = (id: string) => api.post<Package>(`/admin/packages/${id}/recheck`);
export const adminDeletePackage = (id: string) => api.delete(`/admin/packages/${id}`);
