import { enginesQuery } from '~/features/engines/api';
import { AntivirusNote, EngineList } from '~/features/engines/engine-list';
import { useT } from '~/i18n/use-t';
import { useLoaded } from '~/lib/use-loaded';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient }: LoadContext) => queryClient.ensureQueryData(enginesQuery);

export function Page() {
  const t = useT();
  const { items } = useLoaded(enginesQuery);
  return (
    <Frame title={t('admin:menu.engines')} lead={t('admin:engines.lead')}>
      <AntivirusNote engines={items} />
      <Card flush>
        <EngineList engines={items} />
      </Card>
    </Frame>
  );
}
