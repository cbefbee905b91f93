import { Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { adminSessionQuery } from '~/features/admin-session/api';
import { usersQuery } from '~/features/users/api';
import { UserForm } from '~/features/users/user-form';
import { UserList } from '~/features/users/user-list';
import { useT } from '~/i18n/use-t';
import { useSearchText } from '~/lib/route';
import { useLoaded } from '~/lib/use-loaded';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { Empty } from '~/ui/feedback/feedback';
import { PagedList } from '~/ui/list/paged-list';
import { SearchBox } from '~/ui/list/search-box';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';

export function Page() {
  const t = useT();
  const { instance } = useLoaded(adminSessionQuery);
  const [q, search] = useSearchText('q');
  const [opened, form] = useDisclosure(false);
  return (
    <Frame
      title={t('admin:menu.users')}
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={form.open}>
          {t('admin:users.new')}
        </Button>
      }
    >
      <SearchBox value={q} onSearch={search} label={t('admin:users.search')} />
      <Card flush>
        <PagedList query={usersQuery(q)} empty={<Empty icon="users" title={t('admin:users.empty')} />}>
          {(users) => <UserList users={users} />}
        </PagedList>
      </Card>
      <Modal
        opened={opened}
        onClose={form.close}
        title={t('admin:users.new')}
        size="lg"
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        <UserForm passwordMin={instance.password_min} onDone={form.close} onCancel={form.close} />
      </Modal>
    </Frame>
  );
}
