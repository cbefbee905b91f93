import type { Licence } from '~/api/licence-types';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { FullTime } from '~/ui/fields/time';
import { Facts } from '~/ui/list/facts';
import { Card } from '~/ui/page/card';
import { licenceKey, removeLicence } from './api';

type Terms = NonNullable<Licence['licence']>;

function Users({ users, most }: { users: number; most: number | null }) {
  const t = useT();
  return most === null
    ? t('admin:licence.users_any', { users })
    : t('admin:licence.users_of', { users, most });
}

function TermsList({ value, terms }: { value: Licence; terms: Terms }) {
  const t = useT();
  return (
    <Facts
      items={[
        [t('admin:licence.holder'), terms.holder],
        [t('admin:licence.edition'), terms.edition],
        [t('admin:licence.users'), <Users key="users" users={value.users} most={terms.users} />],
        [t('admin:licence.expires'), <FullTime key="expires" at={terms.expires} />],
        [t('admin:licence.issued'), <FullTime key="issued" at={terms.issued} />],
        [
          t('admin:licence.hosts'),
          terms.hosts.length > 0 ? terms.hosts.join(', ') : t('admin:licence.any_host'),
        ],
        value.refreshed_at
          ? [t('admin:licence.refreshed'), <FullTime key="refreshed" at={value.refreshed_at} />]
          : null,
        [t('admin:licence.id'), <code key="id">{terms.id}</code>],
      ]}
    />
  );
}

/** What the installed licence says, and the button that removes it. */
export function LicenceCard({ value }: { value: Licence }) {
  const t = useT();
  const remove = useAction({
    run: removeLicence,
    stale: [licenceKey, ['admin', 'session'], ['admin', 'dashboard']],
    done: t('admin:licence.removed'),
    errors: 'inline',
  });
  if (!value.installed_at) return null;
  return (
    <Card
      title={t('admin:licence.installed')}
      actions={
        <ConfirmButton
          variant="default"
          label={t('admin:licence.remove')}
          title={t('admin:licence.remove_title')}
          text={t('admin:licence.remove_text')}
          confirm={t('admin:licence.remove')}
          danger
          onConfirm={() => remove.mutateAsync()}
        />
      }
    >
      {value.licence ? <TermsList value={value} terms={value.licence} /> : t('admin:licence.fault.invalid')}
    </Card>
  );
}
