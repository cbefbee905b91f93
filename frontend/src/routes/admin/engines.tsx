import { useState } from 'react';
import type { Engine } from '~/api/admin-types';
import { enginesQuery, kindsQuery } from '~/features/engines/api';
import { EngineDialog } from '~/features/engines/engine-dialogs';
import { AntivirusNote, EngineList } from '~/features/engines/engine-list';
import { useT } from '~/i18n/use-t';
import { useLoaded } from '~/lib/use-loaded';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient }: LoadContext) =>
  Promise.all([queryClient.ensureQueryData(enginesQuery), queryClient.ensureQueryData(kindsQuery)]);

export function Page() {
  const t = useT();
  const { items } = useLoaded(enginesQuery);
  const kinds = useLoaded(kindsQuery).items;
  const [edited, setEdited] = useState<Engine | 'new' | null>(null);
  return (
    <Frame
      title={t('admin:menu.engines')}
      lead={t('admin:engines.lead')}
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={() => setEdited('new')}>
          {t('admin:engines.new')}
        </Button>
      }
    >
      <AntivirusNote engines={items} />
      <Card flush>
        <EngineList engines={items} onEdit={setEdited} />
      </Card>
      {edited && (
        <EngineDialog
          kinds={kinds}
          engine={edited === 'new' ? undefined : edited}
          onClose={() => setEdited(null)}
        />
      )}
    </Frame>
  );
}
