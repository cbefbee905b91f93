import { outboxQuery } from '~/features/outbox/api';
import { MailList } from '~/features/outbox/mail-list';
import { useT } from '~/i18n/use-t';
import { Empty } from '~/ui/feedback/feedback';
import { PagedList } from '~/ui/list/paged-list';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';

export function Page() {
  const t = useT();
  return (
    <Frame title={t('admin:menu.outbox')} lead={t('admin:outbox.lead')}>
      <Card flush>
        <PagedList query={outboxQuery} empty={<Empty icon="mail" title={t('admin:outbox.empty')} />}>
          {(mails) => <MailList mails={mails} />}
        </PagedList>
      </Card>
    </Frame>
  );
}
