import type { ReactNode } from 'react';
import type { Box } from '~/api/types';
import { packagesQuery } from '~/features/packages/api';
import { PackageList } from '~/features/packages/package-list';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useSearchText } from '~/lib/route';
import type { IconName } from '~/ui/brand/icon';
import { Empty } from '~/ui/feedback/feedback';
import { PagedList } from '~/ui/list/paged-list';
import { SearchBox } from '~/ui/list/search-box';
import { Card } from '~/ui/page/card';
import { Page } from '~/ui/page/page';

type Props = { box: Box; icon: IconName; emptyAction?: ReactNode; actions?: ReactNode };

/** One box of packages: inbox, sent, drafts or the recycle bin. */
export function BoxPage({ box, icon, emptyAction, actions }: Props) {
  const t = useT();
  const [q, search] = useSearchText('q');
  const title = t(`packages:box.${box}.title`);
  return (
    <Page title={title} actions={actions}>
      <SearchBox value={q} onSearch={search} label={t('packages:search')} />
      <Card flush>
        <PagedList
          query={packagesQuery(box, q)}
          empty={
            <Empty icon={icon} title={q ? t('packages:nothing_found') : t(`packages:box.${box}.empty`)}>
              {q ? null : emptyAction}
            </Empty>
          }
        >
          {(packages) => (
            <PackageList
              packages={packages}
              show={box === 'inbox' ? 'sender' : 'recipients'}
              href={box === 'drafts' ? paths.draft : paths.package}
              label={title}
            />
          )}
        </PagedList>
      </Card>
    </Page>
  );
}
