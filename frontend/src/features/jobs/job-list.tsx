import type { Job } from '~/api/admin-types';
import { textOf, useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { jobsKey, retryJob } from './api';

function JobRow({ job }: { job: Job }) {
  const t = useT();
  const retry = useAction({ run: () => retryJob(job.id), done: t('admin:jobs.retried'), stale: [jobsKey] });
  return (
    <Row
      title={textOf(t, 'admin:jobs.kind', job.kind)}
      sub={job.last_error}
      meta={
        <>
          {t('admin:jobs.attempts', { count: job.attempt })} · <Time at={job.created_at} />
        </>
      }
      actions={
        <Button variant="default" size="xs" loading={retry.isPending} onClick={() => retry.mutate()}>
          {t('admin:jobs.retry')}
        </Button>
      }
    />
  );
}

export function JobList({ jobs }: { jobs: readonly Job[] }) {
  const t = useT();
  return (
    <Rows label={t('admin:jobs.title')}>
      {jobs.map((job) => (
        <JobRow key={job.id} job={job} />
      ))}
    </Rows>
  );
}
