import type { Visit } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { Stack } from '~/ui/base/stack';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { confirmAccess } from './api';

/** Asks before one of a limited number of openings is spent. */
export function AccessForm({ visit, onDone }: { visit: Visit; onDone: (next: Visit) => void }) {
  const t = useT();
  const open = useAction<void, Visit>({ run: () => confirmAccess(visit.id), onDone, errors: 'inline' });
  return (
    <Stack>
      <div>
        {visit.access
          ? t('visit:access.left', { count: visit.access.left, limit: visit.access.limit })
          : t('visit:access.text')}
      </div>
      <ProblemAlert error={open.error} />
      <Button size="md" loading={open.isPending} onClick={() => open.mutate()}>
        {t('visit:access.submit')}
      </Button>
    </Stack>
  );
}
