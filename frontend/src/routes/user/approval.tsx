import { useRouter } from '@tanstack/react-router';
import { approvalQuery } from '~/features/approvals/api';
import { ApprovalButtons } from '~/features/approvals/approval-buttons';
import { FileList } from '~/features/packages/file-list';
import { PackageFacts } from '~/features/packages/package-facts';
import { StateBadge } from '~/features/packages/state-badge';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useRouteParam } from '~/lib/route';
import { useLoaded } from '~/lib/use-loaded';
import { Notice } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';
import classes from './approval.module.css';

export const load = ({ queryClient, params }: LoadContext) =>
  queryClient.fetchQuery(approvalQuery(params.id ?? ''));

export function Page() {
  const t = useT();
  const router = useRouter();
  const id = useRouteParam('id');
  const value = useLoaded(approvalQuery(id));
  const { note, files, state, title } = value.package;
  return (
    <Frame
      title={title || t('packages:untitled')}
      lead={<StateBadge state={state} />}
      actions={
        <ApprovalButtons value={value} onDone={() => void router.navigate({ to: paths.approvals() })} />
      }
    >
      <Notice tone="warn">{t('account:approval.why', { count: value.held.length })}</Notice>
      <Card title={t('packages:details')}>
        <PackageFacts value={value.package} />
        {note && <p className={classes.note}>{note}</p>}
      </Card>
      <Card title={t('packages:files')} flush>
        <FileList files={files} packageId={id} mayDownload={false} />
      </Card>
    </Frame>
  );
}
