import { useState } from 'react';
import { sessionQuery } from '~/features/session/api';
import { SetPasswordForm } from '~/features/session/set-password-form';
import { useT } from '~/i18n/use-t';
import { dropSecret, heldSecret } from '~/lib/held-secret';
import { LinkButton } from '~/lib/link';
import { paths } from '~/lib/paths';
import { useLoaded } from '~/lib/use-loaded';
import { Notice } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';
import classes from './public.module.css';

export const load = ({ queryClient }: LoadContext) => queryClient.ensureQueryData(sessionQuery);

export function Page() {
  const t = useT();
  const { instance } = useLoaded(sessionQuery);
  const [token] = useState(heldSecret);
  const [done, setDone] = useState(false);
  if (done) {
    return (
      <div className={classes.form}>
        <Frame title={t('welcome.done_title')}>
          <Notice tone="good">{t('welcome.done')}</Notice>
          <LinkButton to={paths.login()}>{t('login.submit')}</LinkButton>
        </Frame>
      </div>
    );
  }
  return (
    <div className={classes.form}>
      <Frame title={t('welcome.title', { name: instance.name })} lead={t('welcome.lead')}>
        {token === null ? (
          <Notice tone="warn">{t('link.incomplete')}</Notice>
        ) : (
          <Card>
            <SetPasswordForm
              token={token}
              min={instance.password_min}
              submit={t('welcome.submit')}
              onDone={() => {
                dropSecret();
                setDone(true);
              }}
            />
          </Card>
        )}
      </Frame>
    </div>
  );
}
