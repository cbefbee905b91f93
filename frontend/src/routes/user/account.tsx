import { useQueryClient } from '@tanstack/react-query';
import type { Session } from '~/api/types';
import { changePassword, endSession, sessionsQuery } from '~/features/account/api';
import { AppearanceForm, ProfileForm } from '~/features/account/profile-form';
import { SessionList } from '~/features/account/session-list';
import { NewTokenButton, TokenList } from '~/features/account/token-list';
import { rememberSession, sessionQuery } from '~/features/session/api';
import { useT } from '~/i18n/use-t';
import { useLoaded } from '~/lib/use-loaded';
import { ChangePasswordForm } from '~/ui/fields/change-password-form';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';

export function Page() {
  const t = useT();
  const queryClient = useQueryClient();
  const { user, instance, can } = useLoaded(sessionQuery);
  const remember = (session: Session): void => rememberSession(queryClient, session);
  if (!user) return null;
  return (
    <Frame title={t('account:title')} width="narrow">
      <Card title={t('account:profile.title')}>
        <ProfileForm user={user} onChanged={remember} />
      </Card>
      <Card title={t('account:appearance')}>
        <AppearanceForm onChanged={remember} />
      </Card>
      <Card title={t('password.title')}>
        <ChangePasswordForm change={changePassword} min={instance.password_min} />
      </Card>
      <Card title={t('account:sessions.title')} description={t('account:sessions.lead')} flush>
        <SessionList query={sessionsQuery} end={endSession} />
      </Card>
      {can.api_tokens && (
        <Card
          title={t('account:tokens.title')}
          description={t('account:tokens.lead')}
          actions={<NewTokenButton />}
          flush
        >
          <TokenList />
        </Card>
      )}
    </Frame>
  );
}
