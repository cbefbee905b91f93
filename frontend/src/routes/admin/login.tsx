import { useQueryClient } from '@tanstack/react-query';
import { redirect, useRouter } from '@tanstack/react-router';
import { adminLogIn, adminSessionQuery, rememberAdminSession } from '~/features/admin-session/api';
import { LoginForm } from '~/features/session/login-form';
import { useT } from '~/i18n/use-t';
import { paths, safeReturnPath } from '~/lib/paths';
import { useSearchText } from '~/lib/route';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import classes from '../public/public.module.css';
import type { LoadContext } from '../split';

export async function load({ queryClient, search }: LoadContext): Promise<void> {
  const { administrator, instance } = await queryClient.ensureQueryData(adminSessionQuery);
  if (instance.setup_required) throw redirect({ to: paths.setup(), replace: true });
  if (administrator) throw redirect({ href: safeReturnPath(search.next, paths.admin.home()), replace: true });
}

export function Page() {
  const t = useT();
  const router = useRouter();
  const queryClient = useQueryClient();
  const [next] = useSearchText('next');
  return (
    <div className={classes.form}>
      <Frame title={t('admin:login.title')} lead={t('admin:login.lead')}>
        <Card>
          <LoginForm
            logIn={adminLogIn}
            onDone={(session) => {
              queryClient.clear();
              rememberAdminSession(queryClient, session);
              void router.navigate({ href: safeReturnPath(next, paths.admin.home()), replace: true });
            }}
          />
        </Card>
      </Frame>
    </div>
  );
}
