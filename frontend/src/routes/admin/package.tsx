import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { adminSessionQuery } from '~/features/admin-session/api';
import { FileList } from '~/features/packages/file-list';
import { PackageFacts } from '~/features/packages/package-facts';
import { StateBadge } from '~/features/packages/state-badge';
import { adminPackageQuery } from '~/features/quarantine/api';
import { DecisionButtons } from '~/features/quarantine/decision-buttons';
import { ReadButton } from '~/features/quarantine/read-button';
import { SampleButton } from '~/features/quarantine/sample-button';
import { VerdictTable } from '~/features/quarantine/verdict-table';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useRouteParam } from '~/lib/route';
import { useLoaded } from '~/lib/use-loaded';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient, params }: LoadContext) =>
  queryClient.ensureQueryData(adminPackageQuery(params.id ?? ''));

export function Page() {
  const t = useT();
  const router = useRouter();
  const id = useRouteParam('id');
  const value = useLoaded(adminPackageQuery(id));
  const session = useQuery(adminSessionQuery);
  const maySample = session.data?.administrator?.permissions.includes('samples');
  return (
    <Frame
      title={value.title || t('packages:untitled')}
      lead={<StateBadge state={value.state} />}
      width="wide"
      actions={
        <DecisionButtons
          value={value}
          onDeleted={() => void router.navigate({ to: paths.admin.packages() })}
        />
      }
    >
      <Card title={t('packages:details')}>
        <PackageFacts value={value} />
      </Card>
      <Card title={t('packages:files')} flush>
        <FileList
          files={value.files}
          packageId={id}
          mayDownload={value.can.download}
          download={(file) => <ReadButton packageId={id} file={file} />}
          otherwise={(file) => maySample && <SampleButton packageId={id} file={file} />}
        />
      </Card>
      <Card title={t('admin:verdicts.title')} description={t('admin:verdicts.lead')} flush>
        <VerdictTable id={id} />
      </Card>
    </Frame>
  );
}
