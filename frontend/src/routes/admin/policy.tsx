import { Select } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { groupsKey, groupsQuery } from '~/features/groups/api';
import { settingsQuery } from '~/features/settings/api';
import { GroupPolicyForm } from '~/features/settings/group-policy-form';
import { PolicyForm } from '~/features/settings/policy-form';
import { useT } from '~/i18n/use-t';
import { useSearchText } from '~/lib/route';
import { useLoaded } from '~/lib/use-loaded';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient }: LoadContext) =>
  Promise.all([queryClient.ensureQueryData(settingsQuery), queryClient.ensureQueryData(groupsQuery)]);

const EVERYBODY = 'everybody';

export function Page() {
  const t = useT();
  const queryClient = useQueryClient();
  const { items } = useLoaded(settingsQuery);
  const groups = useLoaded(groupsQuery).items;
  const [id, choose] = useSearchText('group');
  const group = groups.find((one) => one.id === id);
  return (
    <Frame
      title={t('admin:menu.policy')}
      lead={group ? t('admin:policy.group_lead') : t('admin:policy.lead')}
      width="wide"
    >
      {groups.length > 0 && (
        <Select
          label={t('admin:policy.whose')}
          allowDeselect={false}
          data={[
            { value: EVERYBODY, label: t('admin:policy.everybody') },
            ...groups.map((one) => ({ value: one.id, label: one.name })),
          ]}
          value={group?.id ?? EVERYBODY}
          onChange={(next) => choose(next === null || next === EVERYBODY ? '' : next)}
          maw={360}
        />
      )}
      {group ? (
        <GroupPolicyForm
          key={group.id}
          settings={items}
          group={group}
          onSaved={() => queryClient.invalidateQueries({ queryKey: groupsKey })}
        />
      ) : (
        <PolicyForm settings={items} />
      )}
    </Frame>
  );
}
