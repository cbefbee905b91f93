import { useQuery } from '@tanstack/react-query';
import type { AdminUser } from '~/api/admin-types';
import type { Ruling } from '~/api/policy-types';
import { type T, textOf, useT } from '~/i18n/use-t';
import { ListSkeleton, LoadError } from '~/ui/feedback/feedback';
import { Row, Rows } from '~/ui/list/rows';
import { userRulesQuery } from './api';

function rulingText(t: T, { action, group }: Ruling): string {
  const does = textOf(t, 'settings:option', action);
  return group ? t('admin:users.rule_of', { action: does, group: group.name }) : does;
}

/** Which rules of the policy hold for a user, and because of which group. */
export function UserRules({ user }: { user: AdminUser }) {
  const t = useT();
  const rules = useQuery(userRulesQuery(user.id));
  if (rules.isPending) return <ListSkeleton />;
  if (rules.isError) return <LoadError error={rules.error} onRetry={() => void rules.refetch()} />;
  return (
    <>
      <p>{t('admin:users.rules_lead')}</p>
      <Rows label={t('admin:users.rules')}>
        {rules.data.items.map(({ rule, outgoing, incoming }) => (
          <Row
            key={rule}
            title={textOf(t, 'settings:label', `checks.${rule}`)}
            sub={
              <>
                <div>
                  {t('admin:policy.outgoing')}: {rulingText(t, outgoing)}
                </div>
                <div>
                  {t('admin:policy.incoming')}: {rulingText(t, incoming)}
                </div>
              </>
            }
          />
        ))}
      </Rows>
    </>
  );
}
