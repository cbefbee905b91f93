import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { PackageInput } from '~/api/types';
import { createPackage, deleteFile, packageKeys, packageQuery, rememberPackage } from './api';

/** The package of somebody without an account: made at the first file, then kept in this page. */
export function useHandIn(input: PackageInput) {
  const queryClient = useQueryClient();
  const [id, setId] = useState<string | null>(null);
  const creating = useRef<Promise<string> | null>(null);
  const value = useQuery({ ...packageQuery(id ?? ''), enabled: id !== null });
  const ensure = async (): Promise<string> => {
    if (id !== null) return id;
    creating.current ??= createPackage(input)
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
  return { id, files: value.data?.files ?? [], ensure, removeFile };
}
