import { approvalsQuery } from '~/features/approvals/api';
import { PackageList } from '~/features/packages/package-list';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useSearchText } from '~/lib/route';
import { Empty } from '~/ui/feedback/feedback';
import { PagedList } from '~/ui/list/paged-list';
import { SearchBox } from '~/ui/list/search-box';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';

export function Page() {
  const t = useT();
  const [q, search] = useSearchText('q');
  const title = t('account:menu.approvals');
  return (
    <Frame title={title} lead={t('account:approval.lead')}>
      <SearchBox value={q} onSearch={search} label={t('packages:search')} />
      <Card flush>
        <PagedList
          query={approvalsQuery(q)}
          empty={
            <Empty icon="shieldCheck" title={q ? t('packages:nothing_found') : t('account:approval.empty')} />
          }
        >
          {(packages) => <PackageList packages={packages} show="both" href={paths.approval} label={title} />}
        </PagedList>
      </Card>
    </Frame>
  );
}
