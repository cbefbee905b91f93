import { Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { adminSessionQuery } from '~/features/admin-session/api';
import { exceptionsQuery, hashesQuery } from '~/features/exceptions/api';
import { ExceptionForm } from '~/features/exceptions/exception-form';
import { ExceptionList } from '~/features/exceptions/exception-list';
import { HashForm, HashList } from '~/features/exceptions/hash-list';
import { groupsQuery } from '~/features/groups/api';
import { useT } from '~/i18n/use-t';
import { useSearchText } from '~/lib/route';
import { useLoaded } from '~/lib/use-loaded';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { Empty } from '~/ui/feedback/feedback';
import { PagedList } from '~/ui/list/paged-list';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';

export function Page() {
  const t = useT();
  const { administrator } = useLoaded(adminSessionQuery);
  const groups = useQuery(groupsQuery);
  const [sha256] = useSearchText('sha256');
  const [engine] = useSearchText('engine');
  const [finding] = useSearchText('finding');
  const [proposing, proposal] = useDisclosure(sha256 !== '' || engine !== '');
  const [adding, hashes] = useDisclosure(false);
  const close = { 'aria-label': t('action.close') };
  return (
    <Frame
      title={t('admin:menu.exceptions')}
      lead={t('admin:exceptions.lead')}
      width="wide"
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={proposal.open}>
          {t('admin:exceptions.new')}
        </Button>
      }
    >
      <Card title={t('admin:exceptions.title')} flush>
        <PagedList
          query={exceptionsQuery}
          empty={
            <Empty icon="shieldCheck" title={t('admin:exceptions.empty')}>
              {t('admin:exceptions.empty_text')}
            </Empty>
          }
        >
          {(list) => <ExceptionList exceptions={list} me={administrator?.email ?? ''} />}
        </PagedList>
      </Card>
      <Card
        title={t('admin:hashes.title')}
        description={t('admin:hashes.lead')}
        actions={
          <Button variant="default" leftSection={<Icon name="plus" />} onClick={hashes.open}>
            {t('admin:hashes.new')}
          </Button>
        }
        flush
      >
        <PagedList query={hashesQuery} empty={<Empty icon="check" title={t('admin:hashes.empty')} />}>
          {(list) => <HashList hashes={list} />}
        </PagedList>
      </Card>
      <Modal
        opened={proposing}
        onClose={proposal.close}
        title={t('admin:exceptions.new')}
        size="lg"
        closeButtonProps={close}
      >
        <ExceptionForm
          beginning={{ sha256, engine, finding }}
          groups={groups.data?.items ?? []}
          onDone={proposal.close}
        />
      </Modal>
      <Modal
        opened={adding}
        onClose={hashes.close}
        title={t('admin:hashes.new')}
        size="lg"
        closeButtonProps={close}
      >
        <HashForm onDone={hashes.close} />
      </Modal>
    </Frame>
  );
}
