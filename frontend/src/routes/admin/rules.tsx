import { useState } from 'react';
import { ruleSetsQuery } from '~/features/rule-sets/api';
import { UploadDialog } from '~/features/rule-sets/rule-set-dialogs';
import { RuleSetList } from '~/features/rule-sets/rule-set-list';
import { useT } from '~/i18n/use-t';
import { useLoaded } from '~/lib/use-loaded';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { Empty } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient }: LoadContext) => queryClient.ensureQueryData(ruleSetsQuery);

export function Page() {
  const t = useT();
  const { items } = useLoaded(ruleSetsQuery);
  const [uploading, setUploading] = useState(false);
  return (
    <Frame
      title={t('admin:menu.rules')}
      lead={t('admin:rules.lead')}
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={() => setUploading(true)}>
          {t('admin:rules.new')}
        </Button>
      }
    >
      <Card flush>
        {items.length === 0 ? (
          <Empty icon="search" title={t('admin:rules.empty')}>
            {t('admin:rules.empty_text')}
          </Empty>
        ) : (
          <RuleSetList sets={items} />
        )}
      </Card>
      {uploading && <UploadDialog onClose={() => setUploading(false)} />}
    </Frame>
  );
}
