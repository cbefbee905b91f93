import { Modal, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import type { FileRequest } from '~/api/types';
import { requestsQuery } from '~/features/requests/api';
import { RequestForm } from '~/features/requests/request-form';
import { RequestList } from '~/features/requests/request-list';
import { sessionQuery } from '~/features/session/api';
import { useT } from '~/i18n/use-t';
import { useLoaded } from '~/lib/use-loaded';
import { CopyButton } from '~/ui/actions/copy-button';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { Empty } from '~/ui/feedback/feedback';
import { PagedList } from '~/ui/list/paged-list';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';

export function Page() {
  const t = useT();
  const { instance } = useLoaded(sessionQuery);
  const [opened, form] = useDisclosure(false);
  const [created, setCreated] = useState<FileRequest | null>(null);
  return (
    <Frame
      title={t('account:requests.title')}
      lead={t('account:requests.lead')}
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={form.open}>
          {t('account:requests.new')}
        </Button>
      }
    >
      <Card flush>
        <PagedList query={requestsQuery} empty={<Empty icon="request" title={t('account:requests.empty')} />}>
          {(requests) => <RequestList requests={requests} />}
        </PagedList>
      </Card>
      <RequestForm
        opened={opened}
        onClose={form.close}
        instance={instance}
        onCreated={(request) => {
          form.close();
          setCreated(request);
        }}
      />
      <Modal
        opened={created !== null}
        onClose={() => setCreated(null)}
        title={t('account:requests.created')}
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        <Stack>
          <span>{t('account:requests.created_text', { email: created?.email ?? '' })}</span>
          <CopyButton value={created?.link ?? ''} label={t('account:requests.copy_link')} withText />
        </Stack>
      </Modal>
    </Frame>
  );
}
