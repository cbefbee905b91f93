import { adminSessionQuery } from '~/features/admin-session/api';
import { settingsQuery } from '~/features/settings/api';
import { MailTest } from '~/features/settings/mail-test';
import { withoutRules } from '~/features/settings/rules';
import { SettingsForm } from '~/features/settings/settings-form';
import { useT } from '~/i18n/use-t';
import { useLoaded } from '~/lib/use-loaded';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient }: LoadContext) => queryClient.ensureQueryData(settingsQuery);

export function Page() {
  const t = useT();
  const { items } = useLoaded(settingsQuery);
  const { administrator } = useLoaded(adminSessionQuery);
  return (
    <Frame title={t('admin:menu.settings')} lead={t('settings:lead')}>
      <MailTest initialTo={administrator?.email ?? ''} />
      <SettingsForm settings={withoutRules(items)} />
    </Frame>
  );
}
