import { Group, Select } from '@mantine/core';
import type { PackageView } from '~/api/admin-types';
import { useT } from '~/i18n/use-t';
import { useSearchText } from '~/lib/route';
import { SearchBox } from '~/ui/list/search-box';
import { Page as Frame } from '~/ui/page/page';
import { AdminPackageList } from '../parts/admin-package-list';

const VIEWS = [
  'active',
  'checking',
  'quarantined',
  'waiting',
  'deleted',
  'all',
] as const satisfies readonly PackageView[];

export function Page() {
  const t = useT();
  const [q, search] = useSearchText('q');
  const [wanted, setView] = useSearchText('view');
  const view = VIEWS.find((one) => one === wanted) ?? 'all';
  return (
    <Frame title={t('admin:menu.packages')} width="wide">
      <Group gap="sm">
        <Select
          aria-label={t('admin:packages.view')}
          data={VIEWS.map((value) => ({ value, label: t(`admin:packages.views.${value}`) }))}
          value={view}
          onChange={(value) => setView(value ?? '')}
        />
        <SearchBox value={q} onSearch={search} label={t('packages:search')} />
      </Group>
      <AdminPackageList view={view} q={q} />
    </Frame>
  );
}
