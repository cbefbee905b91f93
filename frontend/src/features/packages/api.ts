import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query';
import { api } from '~/api/client';
import type { Box, Package, PackageInput, PackageSummary, Page, Tracking } from '~/api/types';

export const packageKeys = {
  all: ['packages'] as const,
  list: (box: Box, q: string) => ['packages', 'list', box, q] as const,
  one: (id: string) => ['packages', 'one', id] as const,
  tracking: (id: string) => ['packages', 'tracking', id] as const,
};

export const packagesQuery = (box: Box, q: string) =>
  infiniteQueryOptions({
    queryKey: packageKeys.list(box, q),
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<PackageSummary>>('/packages', { box, q, cursor: pageParam, limit: 50 }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

export const packageQuery = (id: string) =>
  queryOptions({
    queryKey: packageKeys.one(id),
    queryFn: ({ signal }) => api.get<Package>(`/packages/${id}`, undefined, signal),
  });

export const trackingQuery = (id: string) =>
  queryOptions({
    queryKey: packageKeys.tracking(id),
    queryFn: ({ signal }) => api.get<Tracking>(`/packages/${id}/tracking`, undefined, signal),
    refetchInterval: 30_000,
  });

export const createPackage = (input: PackageInput) => api.post<Package>('/packages', input);
export const changePackage = (id: string, input: PackageInput) =>
  api.patch<Package>(`/packages/${id}`, input);
/** Sends it; `files` is how many there will be in all, because some uploads may not have begun. */
export const sendPackage = (id: string, files: number) =>
  api.post<Package>(`/packages/${id}/send`, { files });
export const deletePackage = (id: string) => api.delete(`/packages/${id}`);
export const restorePackage = (id: string) => api.post<Package>(`/packages/${id}/restore`);
export const unlockFiles = (id: string, password: string, fileId: string | null) =>
  api.post<Package>(`/packages/${id}/unlock`, { password, file_id: fileId });
export const notifyRecipient = (id: string, recipientId: string) =>
  api.post(`/packages/${id}/notify`, { recipient_id: recipientId });
export const deleteFile = (id: string, fileId: string) => api.delete(`/packages/${id}/files/${fileId}`);

/** Keeps a package that just came from the server, so that its page opens without waiting. */
export function rememberPackage(queryClient: QueryClient, value: Package): void {
  queryClient.setQueryData(packageKeys.one(value.id), value);
}
