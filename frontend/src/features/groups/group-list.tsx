import { useQueryClient } from '@tanstack/react-query';
import type { UserGroup } from '~/api/policy-types';
import type { Items } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Button, ButtonAnchor } from '~/ui/base/button';
import { Handle } from '~/ui/list/handle';
import { Row, Rows } from '~/ui/list/rows';
import { groupsKey, orderGroups, removeGroup, usersKey } from './api';

/** Moves groups; the page shows the new order at once and the server's when it has answered. */
function useOrder(groups: readonly UserGroup[]) {
  const queryClient = useQueryClient();
  const save = useAction<string[]>({ run: orderGroups, stale: [groupsKey, usersKey] });
  return (place: number, by: number): void => {
    const next = [...groups];
    next.splice(place + by, 0, ...next.splice(place, 1));
    queryClient.setQueryData<Items<UserGroup>>(groupsKey, { items: next });
    save.mutate(next.map((group) => group.id));
  };
}

type ActionProps = { group: UserGroup; mayRule: boolean; onEdit: () => void; onMembers: () => void };

function Actions({ group, mayRule, onEdit, onMembers }: ActionProps) {
  const t = useT();
  const remove = useAction({
    run: () => removeGroup(group),
    done: t('admin:groups.removed'),
    stale: [groupsKey, usersKey],
    errors: 'inline',
  });
  return (
    <>
      <Button variant="default" size="xs" onClick={onMembers}>
        {t('admin:groups.members')}
      </Button>
      {mayRule && (
        <ButtonAnchor variant="default" size="xs" href={paths.admin.policy(group.id)}>
          {t('admin:groups.rules')}
        </ButtonAnchor>
      )}
      <Button variant="default" size="xs" onClick={onEdit}>
        {t('admin:groups.edit')}
      </Button>
      <ConfirmButton
        label={t('admin:groups.remove')}
        title={t('admin:groups.remove_title', { name: group.name })}
        text={t('admin:groups.remove_text')}
        confirm={t('admin:groups.remove')}
        danger
        variant="default"
        size="xs"
        onConfirm={() => remove.mutateAsync()}
      />
    </>
  );
}

type ListProps = {
  groups: readonly UserGroup[];
  /** Whether the caller may give them rules. */
  mayRule: boolean;
  onEdit: (group: UserGroup) => void;
  onMembers: (group: UserGroup) => void;
};

/** The groups in their order, in which the first with a rule of its own wins. */
export function GroupList({ groups, mayRule, onEdit, onMembers }: ListProps) {
  const t = useT();
  const move = useOrder(groups);
  return (
    <Rows label={t('admin:groups.title')}>
      {groups.map((group, place) => {
        const { id, name, note, members } = group;
        const rules = Object.keys(group.rules).length;
        return (
          <Row
            key={id}
            lead={
              <Handle
                label={t('admin:groups.place', { name })}
                up={t('admin:groups.up', { name })}
                down={t('admin:groups.down', { name })}
                place={place}
                canMove={(by) => groups[place + by] !== undefined}
                move={(by) => move(place, by)}
              />
            }
            title={name}
            sub={note}
            meta={`${t('admin:groups.count', { count: members })} · ${t('admin:groups.own', { count: rules })}`}
            actions={
              <Actions
                group={group}
                mayRule={mayRule}
                onEdit={() => onEdit(group)}
                onMembers={() => onMembers(group)}
              />
            }
          />
        );
      })}
    </Rows>
  );
}
