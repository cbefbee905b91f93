import { Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ADMINISTRATOR_PERMISSIONS } from '~/api/admin-types';
import { adminSessionQuery } from '~/features/admin-session/api';
import { AdministratorForm } from '~/features/administrators/administrator-form';
import { administratorsQuery } from '~/features/administrators/api';
import { textOf, useT } from '~/i18n/use-t';
import { useLoaded } from '~/lib/use-loaded';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { Row, Rows } from '~/ui/list/rows';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient }: LoadContext) => queryClient.ensureQueryData(administratorsQuery);

export function Page() {
  const t = useT();
  const { instance } = useLoaded(adminSessionQuery);
  const { items } = useLoaded(administratorsQuery);
  const [opened, form] = useDisclosure(false);
  const rights = (permissions: string[]): string =>
    permissions.length === ADMINISTRATOR_PERMISSIONS.length
      ? t('admin:administrators.all_permissions')
      : permissions.map((one) => textOf(t, 'admin:administrator_permission', one)).join(', ');
  return (
    <Frame
      title={t('admin:menu.administrators')}
      lead={t('admin:administrators.lead')}
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={form.open}>
          {t('admin:administrators.new')}
        </Button>
      }
    >
      <Card flush>
        <Rows label={t('admin:menu.administrators')}>
          {items.map((one) => (
            <Row key={one.id} title={one.name || one.email} sub={one.email} meta={rights(one.permissions)} />
          ))}
        </Rows>
      </Card>
      <Modal
        opened={opened}
        onClose={form.close}
        title={t('admin:administrators.new')}
        size="lg"
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        <AdministratorForm passwordMin={instance.password_min} onDone={form.close} />
      </Modal>
    </Frame>
  );
}
