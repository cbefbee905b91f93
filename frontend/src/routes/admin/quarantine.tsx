import { useT } from '~/i18n/use-t';
import { useSearchText } from '~/lib/route';
import { SearchBox } from '~/ui/list/search-box';
import { Page as Frame } from '~/ui/page/page';
import { AdminPackageList } from '../parts/admin-package-list';

export function Page() {
  const t = useT();
  const [q, search] = useSearchText('q');
  return (
    <Frame title={t('admin:menu.quarantine')} lead={t('admin:quarantine.lead')} width="wide">
      <SearchBox value={q} onSearch={search} label={t('packages:search')} />
      <AdminPackageList view="quarantined" q={q} />
    </Frame>
  );
}
