import type { PackageView } from '~/api/admin-types';
import { PackageList } from '~/features/packages/package-list';
import { adminPackagesQuery } from '~/features/quarantine/api';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { Empty } from '~/ui/feedback/feedback';
import { PagedList } from '~/ui/list/paged-list';
import { Card } from '~/ui/page/card';

export function AdminPackageList({ view, q }: { view: PackageView; q: string }) {
  const t = useT();
  const empty = view === 'quarantined' ? t('admin:quarantine.empty') : t('packages:nothing_found');
  return (
    <Card flush>
      <PagedList
        query={adminPackagesQuery(view, q)}
        empty={<Empty icon={view === 'quarantined' ? 'shieldCheck' : 'package'} title={empty} />}
      >
        {(packages) => (
          <PackageList
            packages={packages}
            show="both"
            href={paths.admin.package}
            label={t('admin:menu.packages')}
          />
        )}
      </PagedList>
    </Card>
  );
}
