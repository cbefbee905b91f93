import { useQuery, useQueryClient } from '@tanstack/react-query';
import { isMoving } from '~/features/packages/model';
import { useLivePackage } from '~/features/packages/use-live-package';
import { VisitorPackage } from '~/features/packages/visitor-package';
import { rememberVisit, visitKey, visitQuery } from '~/features/visits/api';
import { VisitSteps } from '~/features/visits/visit-steps';
import { useT } from '~/i18n/use-t';
import { useRouteParam } from '~/lib/route';
import { ListSkeleton, Notice } from '~/ui/feedback/feedback';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

export const load = ({ queryClient, params }: LoadContext) =>
  // A refusal is shown by the page itself.
  queryClient.ensureQueryData(visitQuery(params.id ?? '')).catch(() => undefined);

export function Page() {
  const t = useT();
  const id = useRouteParam('id');
  const queryClient = useQueryClient();
  const { data: visit, isPending } = useQuery(visitQuery(id));
  const shown = visit?.package ?? null;
  useLivePackage(
    shown?.id ?? '',
    shown !== null,
    (value) => {
      const current = queryClient.getQueryData<typeof visit>(visitKey(id));
      if (current) rememberVisit(queryClient, { ...current, package: value });
      // When the checks are done the visit may have a next step.
      if (current?.step === 'waiting' && !isMoving(value.state)) {
        void queryClient.invalidateQueries({ queryKey: visitKey(id) });
      }
    },
    () => void queryClient.invalidateQueries({ queryKey: visitKey(id) }),
  );
  if (isPending) return <ListSkeleton />;
  if (!visit) {
    return (
      <Frame title={t('visit:invalid.title')} width="narrow">
        <Notice tone="warn">{t('visit:invalid.text')}</Notice>
      </Frame>
    );
  }
  if (shown !== null && (visit.step === 'waiting' || visit.step === 'ready'))
    return <VisitorPackage value={shown} />;
  return <VisitSteps visit={visit} />;
}
