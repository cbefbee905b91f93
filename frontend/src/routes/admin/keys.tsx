import { integrityQuery } from '~/features/integrity/api';
import { Check, CheckButtons } from '~/features/integrity/check';
import { Counts } from '~/features/integrity/counts';
import { Findings } from '~/features/integrity/findings';
import { keysQuery } from '~/features/keys/api';
import { KeyList } from '~/features/keys/key-list';
import { Rotation } from '~/features/keys/rotation';
import { useT } from '~/i18n/use-t';

import { useLoaded } from '~/lib/use-loaded';
import { Empty } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient }: LoadContext) =>
  Promise.all([queryClient.ensureQueryData(keysQuery), queryClient.ensureQueryData(integrityQuery)]);

export function Page() {
  const t = useT();
  const keys = useLoaded(keysQuery);
  const integrity = useLoaded(integrityQuery);
  return (
    <Frame title={t('admin:menu.keys')} lead={t('admin:keys.lead')} width="wide">
      <Card title={t('admin:keys.title')} description={t('admin:keys.how')} flush>
        <KeyList keys={keys.items} />
      </Card>
      <Rotation rotation={keys.rotation} />
      <Card
        title={t('admin:integrity.title')}
        description={t('admin:integrity.lead')}
        actions={<CheckButtons running={integrity.run?.state === 'running'} />}
      >
        <Counts files={integrity.files} />
        <Check integrity={integrity} />
      </Card>
      <Card title={t('admin:integrity.findings')} description={t('admin:integrity.findings_lead')} flush>
        {integrity.findings.length === 0 ? (
          <Empty icon="check" title={t('admin:integrity.no_findings')} />
        ) : (
          <Findings findings={integrity.findings} />
        )}
      </Card>
    </Frame>
  );
}
