import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Visit } from '~/api/types';
import { HandInForm } from '~/features/packages/hand-in-form';
import { useHandIn } from '~/features/packages/use-hand-in';
import { sessionQuery } from '~/features/session/api';
import { UploadPanel } from '~/features/uploads/upload-panel';
import { useUploads } from '~/features/uploads/use-uploads';
import { visitQuery } from '~/features/visits/api';
import { RequestIntro } from '~/features/visits/request-intro';
import { VisitSteps } from '~/features/visits/visit-steps';
import { useT } from '~/i18n/use-t';
import { useRouteParam } from '~/lib/route';
import { useLoaded } from '~/lib/use-loaded';
import { Notice } from '~/ui/feedback/feedback';
import { Page as Frame } from '~/ui/page/page';
import { HandedIn } from '../parts/handed-in';
import type { LoadContext } from '../split';

export const load = async ({ queryClient, params }: LoadContext): Promise<void> => {
  await queryClient.ensureQueryData(sessionQuery);
  await queryClient.ensureQueryData(visitQuery(params.id ?? '')).catch(() => undefined);
};

function Form({ request }: { request: NonNullable<Visit['request']> }) {
  const t = useT();
  const { instance } = useLoaded(sessionQuery);
  const [sentId, setSentId] = useState<string | null>(null);
  const handIn = useHandIn({ request_id: request.id });
  const uploads = useUploads(handIn.id);
  if (sentId !== null)
    return <HandedIn packageId={sentId} to={request.requester.name ?? request.requester.email} />;
  return (
    <Frame
      title={request.title || t('visit:request.title')}
      lead={<RequestIntro request={request} />}
      width="narrow"
    >
      <HandInForm
        instance={instance}
        withRecipients={false}
        initialTitle={request.title}
        ensure={handIn.ensure}
        fileCount={uploads.items.length}
        onSent={(value) => setSentId(value.id)}
        uploads={
          <UploadPanel
            packageId={handIn.id}
            ensure={handIn.ensure}
            limits={instance.limits}
            serverFiles={[]}
            onRemoveServerFile={handIn.removeFile}
          />
        }
      />
    </Frame>
  );
}

export function Page() {
  const t = useT();
  const { data: visit } = useQuery(visitQuery(useRouteParam('id')));
  if (!visit) {
    return (
      <Frame title={t('visit:invalid.title')} width="narrow">
        <Notice tone="warn">{t('visit:invalid.text')}</Notice>
      </Frame>
    );
  }
  if (visit.request && (visit.step === 'ready' || visit.step === 'waiting'))
    return <Form request={visit.request} />;
  return <VisitSteps visit={visit} />;
}
