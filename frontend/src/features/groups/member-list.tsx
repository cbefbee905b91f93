import { Stack } from '@mantine/core';
import { useState } from 'react';
import type { AdminUser } from '~/api/admin-types';
import type { UserGroup } from '~/api/policy-types';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { Empty } from '~/ui/feedback/feedback';
import { PagedList } from '~/ui/list/paged-list';
import { Row, Rows } from '~/ui/list/rows';
import { SearchBox } from '~/ui/list/search-box';
import { addMember, candidatesQuery, groupsKey, membersQuery, removeMember, usersKey } from './api';

function Member({ group, user }: { group: UserGroup; user: AdminUser }) {
  const t = useT();
  const within = user.groups.some(({ id }) => id === group.id);
  const set = useAction({
    run: () => (within ? removeMember(group.id, user.id) : addMember(group.id, user.id)),
    stale: [groupsKey, usersKey],
  });
  const label = within ? t('admin:groups.take_out') : t('admin:groups.put_in');
  return (
    <Row
      title={user.name || user.email}
      sub={user.email}
      actions={
        <Button
          variant={within ? 'default' : 'light'}
          size="xs"
          aria-label={`${label}: ${user.email}`}
          loading={set.isPending}
          onClick={() => set.mutate()}
        >
          {label}
        </Button>
      }
    />
  );
}

/** The users of a group; a search finds others, who can be put in. */
export function MemberList({ group }: { group: UserGroup }) {
  const t = useT();
  const [q, search] = useState('');
  const listed = (label: string) => (users: AdminUser[]) => (
    <Rows label={label}>
      {users.map((user) => (
        <Member key={user.id} group={group} user={user} />
      ))}
    </Rows>
  );
  return (
    <Stack gap="md">
      <SearchBox value={q} onSearch={search} label={t('admin:groups.search')} />
      {q === '' ? (
        <PagedList
          query={membersQuery(group.id)}
          empty={<Empty icon="users" title={t('admin:groups.no_members')} />}
        >
          {listed(t('admin:groups.members'))}
        </PagedList>
      ) : (
        <PagedList
          query={candidatesQuery(q)}
          empty={<Empty icon="users" title={t('admin:groups.nobody_found')} />}
        >
          {listed(t('admin:groups.found'))}
        </PagedList>
      )}
    </Stack>
  );
}
