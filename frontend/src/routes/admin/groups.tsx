import { Modal } from '@mantine/core';
import { useState } from 'react';
import type { UserGroup } from '~/api/policy-types';
import { adminSessionQuery } from '~/features/admin-session/api';
import { groupsQuery } from '~/features/groups/api';
import { GroupForm } from '~/features/groups/group-form';
import { GroupList } from '~/features/groups/group-list';
import { MemberList } from '~/features/groups/member-list';
import { useT } from '~/i18n/use-t';
import { useLoaded } from '~/lib/use-loaded';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { Empty } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient }: LoadContext) => queryClient.ensureQueryData(groupsQuery);

export function Page() {
  const t = useT();
  const { administrator } = useLoaded(adminSessionQuery);
  const { items } = useLoaded(groupsQuery);
  const [edited, edit] = useState<UserGroup | 'new' | null>(null);
  const [filled, fill] = useState<UserGroup | null>(null);
  const close = { 'aria-label': t('action.close') };
  return (
    <Frame
      title={t('admin:menu.groups')}
      lead={t('admin:groups.lead')}
      width="wide"
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={() => edit('new')}>
          {t('admin:groups.new')}
        </Button>
      }
    >
      <Card flush>
        {items.length === 0 ? (
          <Empty icon="users" title={t('admin:groups.empty')}>
            {t('admin:groups.empty_text')}
          </Empty>
        ) : (
          <GroupList
            groups={items}
            mayRule={administrator?.permissions.includes('settings') ?? false}
            onEdit={edit}
            onMembers={fill}
          />
        )}
      </Card>
      <Modal
        opened={edited !== null}
        onClose={() => edit(null)}
        title={edited === 'new' ? t('admin:groups.new') : t('admin:groups.edit')}
        closeButtonProps={close}
      >
        {edited && <GroupForm group={edited === 'new' ? undefined : edited} onDone={() => edit(null)} />}
      </Modal>
      <Modal
        opened={filled !== null}
        onClose={() => fill(null)}
        title={filled && t('admin:groups.members_of', { name: filled.name })}
        size="lg"
        closeButtonProps={close}
      >
        {filled && <MemberList group={filled} />}
      </Modal>
    </Frame>
  );
}
