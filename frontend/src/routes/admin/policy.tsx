import { settingsQuery } from '~/features/settings/api';
import { PolicyForm } from '~/features/settings/policy-form';
import { useT } from '~/i18n/use-t';
import { useLoaded } from '~/lib/use-loaded';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient }: LoadContext) => queryClient.ensureQueryData(settingsQuery);

export function Page() {
  const t = useT();
  const { items } = useLoaded(settingsQuery);
  return (
    <Frame title={t('admin:menu.policy')} lead={t('admin:policy.lead')} width="wide">
      <PolicyForm settings={items} />
    </Frame>
  );
}
