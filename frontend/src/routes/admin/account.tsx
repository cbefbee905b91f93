import { SessionList } from '~/features/account/session-list';
import {
  adminChangePassword,
  adminSessionQuery,
  adminSessionsQuery,
  endAdminSession,
} from '~/features/admin-session/api';
import { useT } from '~/i18n/use-t';
import { useLoaded } from '~/lib/use-loaded';
import { ChangePasswordForm } from '~/ui/fields/change-password-form';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';

export function Page() {
  const t = useT();
  const { administrator, instance } = useLoaded(adminSessionQuery);
  return (
    <Frame title={t('admin:menu.account')} lead={administrator?.email} width="narrow">
      <Card title={t('password.title')}>
        <ChangePasswordForm change={adminChangePassword} min={instance.password_min} />
      </Card>
      <Card title={t('account:sessions.title')} description={t('account:sessions.lead')} flush>
        <SessionList query={adminSessionsQuery} end={endAdminSession} />
      </Card>
    </Frame>
  );
}
