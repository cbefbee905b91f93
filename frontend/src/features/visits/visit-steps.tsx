import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import type { Visit } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { LinkButton } from '~/lib/link';
import { paths } from '~/lib/paths';
import { ListSkeleton } from '~/ui/feedback/feedback';
import { CodeForm } from '~/ui/fields/code-form';
import { Card } from '~/ui/page/card';
import { Page } from '~/ui/page/page';
import { AccessForm } from './access-form';
import { rememberVisit, requestCode, verifyCode } from './api';

/** Few packages have a password; the others do not pay for its input. */
const PasswordForm = lazy(() =>
  import('./password-form').then(({ PasswordForm: form }) => ({ default: form })),
);

/** What a person without an account still has to prove or confirm before the files are shown. */
export function VisitSteps({ visit }: { visit: Visit }) {
  const t = useT();
  const queryClient = useQueryClient();
  const put = (next: Visit): void => rememberVisit(queryClient, next);

  switch (visit.step) {
    case 'code':
      return (
        <Page title={t('visit:code.title')} lead={t('visit:code.lead')} width="narrow">
          <Card>
            <CodeForm
              sentTo={visit.masked_email}
              sentAt={visit.code_sent_at}
              request={() => requestCode(visit.id).then(put)}
              verify={(code) => verifyCode(visit.id, code).then(put)}
            />
          </Card>
        </Page>
      );
    case 'login':
      return (
        <Page title={t('visit:login.title')} lead={t('visit:login.lead')} width="narrow">
          <LinkButton to={paths.login(paths.visitPackage(visit.id))} size="md" fit>
            {t('visit:login.submit')}
          </LinkButton>
        </Page>
      );
    case 'password':
      return (
        <Page title={t('visit:password.title')} lead={t('visit:password.lead')} width="narrow">
          <Card>
            <Suspense fallback={<ListSkeleton rows={1} />}>
              <PasswordForm visit={visit} onDone={put} />
            </Suspense>
          </Card>
        </Page>
      );
    case 'confirm_access':
      return (
        <Page title={t('visit:access.title')} width="narrow">
          <Card>
            <AccessForm visit={visit} onDone={put} />
          </Card>
        </Page>
      );
    case 'waiting':
    case 'ready':
      return null;
  }
}
