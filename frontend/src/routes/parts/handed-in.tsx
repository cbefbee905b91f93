import { useQuery } from '@tanstack/react-query';
import { packageQuery } from '~/features/packages/api';
import { UnlockForm } from '~/features/packages/unlock-form';
import { uploaderOf } from '~/features/uploads/registry';
import { TransferSummary } from '~/features/uploads/transfer-summary';
import { useUploads } from '~/features/uploads/use-uploads';
import { useT } from '~/i18n/use-t';
import { Notice } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { Page } from '~/ui/page/page';

/** Thanks; while files are still on their way, asks to stay, and if one is locked, for its password. */
export function HandedIn({ packageId, to }: { packageId: string; to: string | null }) {
  const t = useT();
  const uploads = useUploads(packageId);
  const sent = useQuery({ ...packageQuery(packageId), refetchInterval: 5000 });
  const busy = uploads.active + uploads.paused + uploads.failed > 0;
  return (
    <Page title={busy ? t('visit:thanks.almost') : t('visit:thanks.title')} width="narrow">
      {busy && (
        <Card title={t('visit:thanks.stay')}>
          <TransferSummary snapshot={uploads} uploader={uploaderOf(packageId)} />
        </Card>
      )}
      {sent.data && <UnlockForm value={sent.data} />}
      <Notice tone="good">{to ? t('visit:thanks.text_to', { to }) : t('visit:thanks.text')}</Notice>
    </Page>
  );
}
