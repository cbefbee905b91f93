import { useQueryClient } from '@tanstack/react-query';
import { redirect, useRouter } from '@tanstack/react-router';
import { logIn, rememberSession, sessionQuery } from '~/features/session/api';
import { LoginForm } from '~/features/session/login-form';
import { useT } from '~/i18n/use-t';
import { Link } from '~/lib/link';
import { paths, safeReturnPath } from '~/lib/paths';
import { useSearchText } from '~/lib/route';
import { useLoaded } from '~/lib/use-loaded';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';
import classes from './public.module.css';

export async function load({ queryClient, search }: LoadContext): Promise<void> {
  const { user, instance } = await queryClient.ensureQueryData(sessionQuery);
  if (instance.setup_required) throw redirect({ to: paths.setup(), replace: true });
  if (user) throw redirect({ href: safeReturnPath(search.next, paths.inbox()), replace: true });
}

export function Page() {
  const t = useT();
  const router = useRouter();
  const queryClient = useQueryClient();
  const [next] = useSearchText('next');
  const { instance } = useLoaded(sessionQuery);
  return (
    <div className={classes.form}>
      <Frame title={t('login.title')} lead={t('login.lead')}>
        <Card>
          <LoginForm
            logIn={logIn}
            onDone={(session) => {
              queryClient.clear();
              rememberSession(queryClient, session);
              void router.navigate({ href: safeReturnPath(next, paths.inbox()), replace: true });
            }}
            below={<Link to={paths.forgot()}>{t('login.forgot')}</Link>}
          />
        </Card>
        {instance.guest_form && (
          <p className={classes.aside}>
            {t('login.guest')} <Link to={paths.guest()}>{t('login.guest_link')}</Link>
          </p>
        )}
      </Frame>
    </div>
  );
}
