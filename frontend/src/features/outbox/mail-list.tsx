import type { Mail, MailState } from '~/api/admin-types';
import { textOf, useT } from '~/i18n/use-t';
import { Link } from '~/lib/link';
import { paths } from '~/lib/paths';
import { useAction } from '~/lib/use-action';
import { Badge, type Tone } from '~/ui/badge/badge';
import { Button } from '~/ui/base/button';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { outboxKey, retryMail } from './api';

const TONES: Record<MailState, Tone> = {
  queued: 'info',
  sending: 'info',
  sent: 'good',
  failed: 'bad',
  held: 'warn',
};

export function MailStateBadge({ state }: { state: MailState }) {
  const t = useT();
  return <Badge tone={TONES[state]}>{t(`admin:outbox.state.${state}`)}</Badge>;
}

export function RetryMail({ mail }: { mail: Mail }) {
  const t = useT();
  const retry = useAction({
    run: () => retryMail(mail.id),
    done: t('admin:outbox.retried'),
    stale: [outboxKey],
  });
  if (mail.state !== 'failed' && mail.state !== 'held') return null;
  return (
    <Button variant="default" size="xs" loading={retry.isPending} onClick={() => retry.mutate()}>
      {t('admin:outbox.retry')}
    </Button>
  );
}

export function MailList({ mails }: { mails: readonly Mail[] }) {
  const t = useT();
  return (
    <Rows label={t('admin:outbox.title')}>
      {mails.map((mail) => (
        <Row
          key={mail.id}
          title={<Link to={paths.admin.mail(mail.id)}>{mail.subject}</Link>}
          badge={<MailStateBadge state={mail.state} />}
          sub={`${mail.to} · ${textOf(t, 'admin:outbox.kind', mail.kind)}`}
          meta={<Time at={mail.sent_at ?? mail.created_at} />}
          actions={<RetryMail mail={mail} />}
        >
          {mail.last_error && <small>{mail.last_error}</small>}
        </Row>
      ))}
    </Rows>
  );
}
