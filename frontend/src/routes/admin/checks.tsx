import { checksQuery } from '~/features/checks/api';
import { CheckList } from '~/features/checks/check-list';
import { useT } from '~/i18n/use-t';
import { Empty } from '~/ui/feedback/feedback';
import { PagedList } from '~/ui/list/paged-list';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';

export function Page() {
  const t = useT();
  return (
    <Frame title={t('admin:menu.checks')} lead={t('admin:checks.lead')} width="wide">
      <Card flush>
        <PagedList
          query={checksQuery}
          empty={
            <Empty icon="check" title={t('admin:checks.empty')}>
              {t('admin:checks.empty_text')}
            </Empty>
          }
        >
          {(waiting) => <CheckList waiting={waiting} />}
        </PagedList>
      </Card>
    </Frame>
  );
}
