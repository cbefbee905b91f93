import { auditQuery } from '~/features/audit/api';
import { AuditFilters } from '~/features/audit/audit-filters';
import { AuditList } from '~/features/audit/audit-list';
import { useT } from '~/i18n/use-t';
import { useSearchText } from '~/lib/route';
import { Empty } from '~/ui/feedback/feedback';
import { PagedList } from '~/ui/list/paged-list';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';

export function Page() {
  const t = useT();
  const [event, setEvent] = useSearchText('event');
  const [q, setQ] = useSearchText('q');
  const [from, setFrom] = useSearchText('from');
  const [to, setTo] = useSearchText('to');
  const filter = { event, q, from, to };
  const set = { event: setEvent, q: setQ, from: setFrom, to: setTo };
  return (
    <Frame title={t('admin:menu.audit')} lead={t('admin:audit.lead')} width="wide">
      <AuditFilters filter={filter} onChange={(name, value) => set[name](value)} />
      <Card flush>
        <PagedList query={auditQuery(filter)} empty={<Empty icon="audit" title={t('admin:audit.empty')} />}>
          {(entries) => <AuditList entries={entries} />}
        </PagedList>
      </Card>
    </Frame>
  );
}
