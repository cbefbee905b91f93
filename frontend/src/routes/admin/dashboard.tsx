import { dashboardQuery } from '~/features/dashboard/api';
import { Tiles, Warnings } from '~/features/dashboard/dashboard';
import { useT } from '~/i18n/use-t';
import { useLoaded } from '~/lib/use-loaded';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient }: LoadContext) => queryClient.ensureQueryData(dashboardQuery);

export function Page() {
  const t = useT();
  const data = useLoaded(dashboardQuery);
  return (
    <Frame title={t('admin:menu.dashboard')} width="wide">
      <Warnings warnings={data.warnings} />
      <Tiles data={data} />
    </Frame>
  );
}
