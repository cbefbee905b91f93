import type { Package } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { Size } from '~/ui/fields/size';
import { FullTime, Time } from '~/ui/fields/time';
import { Facts } from '~/ui/list/facts';

function Recipients({ value }: { value: Package }) {
  const t = useT();
  if (value.recipients.length === 0) return t(`packages:to_nobody.${value.type}`);
  return (
    <ul>
      {value.recipients.map((one) => (
        <li key={one.id}>
          {one.email}
          {one.blind && ` (${t('packages:blind')})`}
        </li>
      ))}
    </ul>
  );
}

/** Who, when, how long, how protected. */
export function PackageFacts({ value }: { value: Package }) {
  const t = useT();
  const { sender } = value;
  return (
    <Facts
      items={[
        [t('packages:fact.from'), sender.name ? `${sender.name} (${sender.email})` : sender.email],
        [t('packages:fact.to'), <Recipients key="to" value={value} />],
        [t('packages:fact.type'), t(`packages:type.${value.type}`)],
        [
          t('packages:fact.size'),
          <span key="size">
            {t('packages:file_count', { count: value.file_count })}, <Size bytes={value.total_size} />
          </span>,
        ],
        [
          t('packages:fact.sent'),
          value.submitted_at ? <FullTime key="sent" at={value.submitted_at} /> : t('packages:not_sent_yet'),
        ],
        value.expires_at
          ? [t('packages:fact.expires'), <FullTime key="expires" at={value.expires_at} />]
          : null,
        value.has_password ? [t('packages:fact.password'), t('packages:has_password')] : null,
        value.access_limit !== null && value.role === 'sender'
          ? [t('packages:fact.access_limit'), t('packages:access_limit', { count: value.access_limit })]
          : null,
      ]}
    />
  );
}

export function SentTime({ value }: { value: Package }) {
  return <Time at={value.submitted_at ?? value.created_at} />;
}
