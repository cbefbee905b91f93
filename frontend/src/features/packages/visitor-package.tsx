import type { Package, PackageFile } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { ButtonAnchor } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { Notice } from '~/ui/feedback/feedback';
import { Size } from '~/ui/fields/size';
import { FullTime } from '~/ui/fields/time';
import { Card } from '~/ui/page/card';
import { Page } from '~/ui/page/page';
import { CheckProgress, FileList } from './file-list';
import { isMoving } from './model';
import { StateNotice } from './state-notice';
import { UnlockForm } from './unlock-form';
import classes from './visitor-package.module.css';

/** What the checks come to in a sentence; that nothing was found is said only where nothing was. */
function Word({ files }: { files: readonly PackageFile[] }) {
  const t = useT();
  const deliverable = files.filter((file) => file.deliverable);
  const count = (check: PackageFile['check']): number =>
    deliverable.filter((file) => file.check === check).length;
  const [released, flagged] = [count('released'), count('flagged')];
  if (released > 0)
    return <Notice tone="warn">{t('visit:package.some_released', { count: released })}</Notice>;
  if (flagged > 0) return <Notice tone="warn">{t('visit:package.some_flagged', { count: flagged })}</Notice>;
  if (files.length === 0 || count('clean') < files.length) return null;
  return <Notice tone="good">{t('visit:package.all_clean', { count: files.length })}</Notice>;
}

/** A package as its recipient without an account sees it: who sent what, and the files. */
export function VisitorPackage({ value }: { value: Package }) {
  const t = useT();
  const sender = value.sender.name ? `${value.sender.name} (${value.sender.email})` : value.sender.email;
  return (
    <Page
      title={value.title || t('visit:package.untitled')}
      lead={t('visit:package.from', { sender })}
      width="narrow"
    >
      {value.note && <p className={classes.note}>{value.note}</p>}
      {isMoving(value.state) ? (
        <Card title={t('visit:waiting.title')} description={t('visit:waiting.text')}>
          <CheckProgress checked={value.progress.checked_files} total={value.file_count} />
        </Card>
      ) : (
        <StateNotice value={value} />
      )}
      <UnlockForm value={value} />
      <Word files={value.files} />
      <Card
        title={t('packages:files')}
        description={
          <>
            {t('packages:file_count', { count: value.file_count })}, <Size bytes={value.total_size} />
          </>
        }
        flush
        actions={
          value.can.zip &&
          value.file_count > 1 && (
            <ButtonAnchor
              href={paths.api.zip(value.id)}
              download=""
              leftSection={<Icon name="download" size={16} />}
            >
              {t('packages:zip')}
            </ButtonAnchor>
          )
        }
      >
        <FileList files={value.files} packageId={value.id} mayDownload={value.can.download} />
      </Card>
      {value.expires_at && (
        <p className={classes.expires}>
          {t('visit:package.expires')} <FullTime at={value.expires_at} />
        </p>
      )}
    </Page>
  );
}
