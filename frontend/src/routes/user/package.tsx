import { redirect, useRouter } from '@tanstack/react-router';
import { packageQuery } from '~/features/packages/api';
import { PackageView } from '~/features/packages/package-view';
import { sessionQuery } from '~/features/session/api';
import { uploaderOf } from '~/features/uploads/registry';
import { TransferSummary } from '~/features/uploads/transfer-summary';
import { useUploads } from '~/features/uploads/use-uploads';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useRouteParam } from '~/lib/route';
import { useLoaded } from '~/lib/use-loaded';
import { Card } from '~/ui/page/card';
import type { LoadContext } from '../split';

export async function load({ queryClient, params }: LoadContext): Promise<void> {
  const id = params.id ?? '';
  const value = await queryClient.ensureQueryData(packageQuery(id));
  if (value.state === 'draft' && value.can.edit && !value.send_requested) {
    throw redirect({ to: paths.draft(id), replace: true });
  }
}

function OwnUploads({ id }: { id: string }) {
  const t = useT();
  const uploads = useUploads(id);
  if (uploads.active + uploads.paused + uploads.failed === 0) return null;
  return (
    <Card title={t('send:still_uploading')} description={t('send:still_uploading_hint')}>
      <TransferSummary snapshot={uploads} uploader={uploaderOf(id)} />
    </Card>
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
      uploads={<OwnUploads id={id} />}
      onDeleted={() => void router.navigate({ to: paths.sent() })}
    />
  );
}
