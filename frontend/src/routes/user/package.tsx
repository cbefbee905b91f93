import { useQueryClient } from '@tanstack/react-query';
import { redirect, useRouter } from '@tanstack/react-router';
import type { Instance, Package } from '~/api/types';
import { deleteFile, packageQuery, rememberPackage, sendPackage } from '~/features/packages/api';
import { PackageView } from '~/features/packages/package-view';
import { sessionQuery } from '~/features/session/api';
import { uploaderOf } from '~/features/uploads/registry';
import { UploadPanel } from '~/features/uploads/upload-panel';
import { useUploads } from '~/features/uploads/use-uploads';
import { paths } from '~/lib/paths';
import { useRouteParam } from '~/lib/route';
import { useLoaded } from '~/lib/use-loaded';
import type { LoadContext } from '../split';

export async function load({ queryClient, params }: LoadContext): Promise<void> {
  const id = params.id ?? '';
  const value = await queryClient.ensureQueryData(packageQuery(id));
  if (value.state === 'draft' && value.can.edit && !value.send_requested) {
    throw redirect({ to: paths.draft(id), replace: true });
  }
}

/** Sent while files were on their way: here they can be watched, retried, continued after a reload, or left out. */
function OwnUploads({ value, limits }: { value: Package; limits: Instance['limits'] }) {
  const queryClient = useQueryClient();
  const uploads = useUploads(value.id);
  const busy = uploads.active + uploads.paused + uploads.failed > 0;
  if (value.state !== 'uploading' && !busy) return null;
  const leaveOut = async (fileId: string | null): Promise<void> => {
    if (fileId !== null) await deleteFile(value.id, fileId);
    const known = new Set(
      uploaderOf(value.id)
        .snapshot()
        .items.map((item) => item.source.path),
    );
    const others = value.files.filter((file) => file.id !== fileId && !known.has(file.path)).length;
    rememberPackage(queryClient, await sendPackage(value.id, known.size + others));
  };
  return (
    <UploadPanel
      packageId={value.id}
      ensure={async () => value.id}
      limits={limits}
      serverFiles={value.files}
      onRemoveServerFile={leaveOut}
    />
  );
}

export function Page() {
  const router = useRouter();
  const id = useRouteParam('id');
  const value = useLoaded(packageQuery(id));
  const { instance } = useLoaded(sessionQuery);
  return (
    <PackageView
      key={id}
      value={value}
      instance={instance}
      uploads={value.role === 'sender' && <OwnUploads value={value} limits={instance.limits} />}
      onDeleted={() => void router.navigate({ to: paths.sent() })}
    />
  );
}
