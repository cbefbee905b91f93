import { useQuery } from '@tanstack/react-query';
import type { Download, Package, Tracking } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { plainName } from '~/lib/format';
import { useAction } from '~/lib/use-action';
import { Badge, type Tone } from '~/ui/badge/badge';
import { Button } from '~/ui/base/button';
import { Empty, ListSkeleton, LoadError } from '~/ui/feedback/feedback';
import { Size } from '~/ui/fields/size';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { notifyRecipient, packageKeys, trackingQuery } from './api';
import classes from './tracking.module.css';

function Downloads({ items }: { items: readonly Download[] }) {
  const t = useT();
  if (items.length === 0) return null;
  return (
    <ul className={classes.downloads}>
      {items.map((one) => (
        <li key={`${one.file_id}${one.at}`}>
          <strong>{one.file_id === null ? t('packages:tracking.zip') : plainName(one.name ?? '')}</strong>
          {one.who && <span>{one.who}</span>}
          <Badge tone={one.complete ? 'good' : 'mute'}>
            {one.complete ? t('packages:tracking.complete') : t('packages:tracking.partial')}
          </Badge>
          <Time at={one.at} />
          <Size bytes={one.bytes} />
          {one.ip && <span>{one.ip}</span>}
        </li>
      ))}
    </ul>
  );
}

const MAIL_TONES: Record<Tracking['recipients'][number]['mail'], Tone> = {
  none: 'mute',
  queued: 'info',
  sent: 'good',
  failed: 'bad',
};

function RecipientRow({ one, value }: { one: Tracking['recipients'][number]; value: Package }) {
  const t = useT();
  const notify = useAction({
    run: () => notifyRecipient(value.id, one.id),
    done: t('packages:tracking.notified_again', { email: one.email }),
    stale: [packageKeys.tracking(value.id)],
  });
  const fetched = one.downloads.some((download) => download.complete);
  return (
    <Row
      title={one.email}
      badge={
        <>
          {one.blind && <Badge tone="mute">{t('packages:blind')}</Badge>}
          {fetched && (
            <Badge tone="good" icon="check">
              {t('packages:tracking.fetched')}
            </Badge>
          )}
        </>
      }
      sub={
        <span className={classes.steps}>
          <Badge tone={MAIL_TONES[one.mail]}>{t(`packages:tracking.mail_${one.mail}`)}</Badge>
          <span>
            {one.opened_at ? (
              <>
                {t('packages:tracking.opened')} <Time at={one.opened_at} />
              </>
            ) : (
              t('packages:tracking.not_opened')
            )}
          </span>
        </span>
      }
      actions={
        value.can.notify && (
          <Button variant="default" size="xs" loading={notify.isPending} onClick={() => notify.mutate()}>
            {t('packages:tracking.notify')}
          </Button>
        )
      }
    >
      <Downloads items={one.downloads} />
    </Row>
  );
}

/** Who got the notice, who opened the package, who fetched what. */
export function TrackingTable({ value }: { value: Package }) {
  const t = useT();
  const tracking = useQuery(trackingQuery(value.id));
  if (tracking.isPending) return <ListSkeleton rows={2} />;
  if (tracking.isError) return <LoadError error={tracking.error} onRetry={() => void tracking.refetch()} />;
  const { recipients, others } = tracking.data;
  if (recipients.length + others.length === 0)
    return <Empty icon="eye" title={t('packages:tracking.empty')} />;
  return (
    <Rows label={t('packages:tracking.title')}>
      {recipients.map((one) => (
        <RecipientRow key={one.id} one={one} value={value} />
      ))}
      {others.length > 0 && (
        <Row title={t('packages:tracking.others')}>
          <Downloads items={others} />
        </Row>
      )}
    </Rows>
  );
}
