import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { Package, PackageInput } from '~/api/types';
import { createPackage, deleteFile, packageKeys, packageQuery, rememberPackage } from './api';

/**
 * The package of somebody without an account: made at the first file, then kept in this page. `begun` is one that
 * this browser has begun before; an answer that another browser has begun is given up if `startOver` is called.
 */
export function useHandIn(input: PackageInput, begun: Package | null = null) {
  const queryClient = useQueryClient();
  const [id, setId] = useState<string | null>(begun?.id ?? null);
  const creating = useRef<Promise<string> | null>(null);
  const value = useQuery({
    ...packageQuery(id ?? ''),
    enabled: id !== null,
    initialData: id !== null && id === begun?.id ? begun : undefined,
  });
  const make = async (more: PackageInput): Promise<string> => {
    if (id !== null) return id;
    creating.current ??= createPackage({ ...input, ...more })
      .then((created) => {
        rememberPackage(queryClient, created);
        setId(created.id);
        return created.id;
      })
      .catch((error: unknown) => {
        creating.current = null;
        throw error;
      });
    return creating.current;
  };
  const removeFile = async (fileId: string | null): Promise<void> => {
    if (id === null) return;
    if (fileId !== null) await deleteFile(id, fileId);
    await queryClient.invalidateQueries({ queryKey: packageKeys.one(id) });
  };
  const ensure = () => make({});
  const startOver = () => make({ start_over: true });
  return { id, files: value.data?.files ?? [], ensure, startOver, removeFile };
}
