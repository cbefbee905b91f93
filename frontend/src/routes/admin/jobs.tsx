import { deadJobsQuery } from '~/features/jobs/api';
import { JobList } from '~/features/jobs/job-list';
import { useT } from '~/i18n/use-t';
import { Empty } from '~/ui/feedback/feedback';
import { PagedList } from '~/ui/list/paged-list';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';

export function Page() {
  const t = useT();
  return (
    <Frame title={t('admin:menu.jobs')} lead={t('admin:jobs.lead')}>
      <Card flush>
        <PagedList query={deadJobsQuery} empty={<Empty icon="check" title={t('admin:jobs.empty')} />}>
          {(jobs) => <JobList jobs={jobs} />}
        </PagedList>
      </Card>
    </Frame>
  );
}
