import { mailQuery } from '~/features/outbox/api';
import { MailStateBadge, RetryMail } from '~/features/outbox/mail-list';
import { MailPreview } from '~/features/outbox/mail-preview';
import classes from '~/features/outbox/outbox.module.css';
import { useT } from '~/i18n/use-t';
import { useRouteParam } from '~/lib/route';
import { useLoaded } from '~/lib/use-loaded';
import { FullTime } from '~/ui/fields/time';
import { Facts } from '~/ui/list/facts';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient, params }: LoadContext) =>
  queryClient.ensureQueryData(mailQuery(params.id ?? ''));

export function Page() {
  const t = useT();
  const mail = useLoaded(mailQuery(useRouteParam('id')));
  return (
    <Frame
      title={mail.subject}
      lead={<MailStateBadge state={mail.state} />}
      actions={<RetryMail mail={mail} />}
      width="narrow"
    >
      <Card>
        <Facts
          items={[
            [t('admin:outbox.to'), mail.to],
            [t('admin:outbox.created'), <FullTime key="created" at={mail.created_at} />],
            mail.sent_at ? [t('admin:outbox.sent'), <FullTime key="sent" at={mail.sent_at} />] : null,
            [t('admin:outbox.attempts'), mail.attempts],
            mail.last_error ? [t('admin:outbox.error'), mail.last_error] : null,
          ]}
        />
      </Card>
      {mail.html && (
        <Card title={t('admin:outbox.html')}>
          <MailPreview html={mail.html} title={t('admin:outbox.html')} />
        </Card>
      )}
      <Card title={t('admin:outbox.text')}>
        {mail.hidden ? <p>{t('admin:outbox.hidden')}</p> : <pre className={classes.text}>{mail.text}</pre>}
      </Card>
    </Frame>
  );
}
