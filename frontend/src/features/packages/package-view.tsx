import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Instance, Package } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { CopyButton } from '~/ui/actions/copy-button';
import { Card } from '~/ui/page/card';
import { Page } from '~/ui/page/page';
import { packageKeys, rememberPackage } from './api';
import { CheckProgress, FileList } from './file-list';
import { isMoving } from './model';
import { PackageActions } from './package-actions';
import { PackageFacts } from './package-facts';
import classes from './package-view.module.css';
import { StateBadge } from './state-badge';
import { StateNotice } from './state-notice';
import { TrackingTable } from './tracking';
import { UnlockForm } from './unlock-form';
import { useLivePackage } from './use-live-package';

export function ShareLink({ link, type }: { link: string; type: Package['type'] }) {
  const t = useT();
  return (
    <div className={classes.link}>
      <div className={classes.linkText}>
        <span>{type === 'public' ? t('packages:link.public') : t('packages:link.internal')}</span>
        <code>{link}</code>
      </div>
      <CopyButton value={link} label={t('packages:link.copy')} withText />
    </div>
  );
}

type Props = { value: Package; instance: Instance; uploads?: ReactNode; onDeleted: () => void };

/** The page of one package, for its sender and for its recipients. */
export function PackageView({ value, instance, uploads, onDeleted }: Props) {
  const t = useT();
  const queryClient = useQueryClient();
  useLivePackage(
    value.id,
    true,
    (next) => rememberPackage(queryClient, next),
    () => void queryClient.invalidateQueries({ queryKey: packageKeys.one(value.id) }),
  );
  return (
    <Page
      title={value.title || t('packages:untitled')}
      lead={<StateBadge state={value.state} />}
      actions={<PackageActions value={value} instance={instance} onDeleted={onDeleted} />}
    >
      <StateNotice value={value} />
      <UnlockForm value={value} />
      {value.link && <ShareLink link={value.link} type={value.type} />}
      {uploads}
      <Card title={t('packages:details')}>
        <PackageFacts value={value} />
        {value.note && <p className={classes.note}>{value.note}</p>}
      </Card>
      {/* While they still arrive, the uploads above are the list of the files. */}
      {!(uploads && value.state === 'uploading') && (
        <Card title={t('packages:files')} flush>
          {isMoving(value.state) && (
            <div className={classes.progress}>
              <CheckProgress checked={value.progress.checked_files} total={value.file_count} />
            </div>
          )}
          <FileList files={value.files} packageId={value.id} mayDownload={value.can.download} />
        </Card>
      )}
      {value.role === 'sender' && value.submitted_at && (
        <Card title={t('packages:tracking.title')} description={t('packages:tracking.lead')} flush>
          <TrackingTable value={value} />
        </Card>
      )}
    </Page>
  );
}
