import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Package, Visit } from '~/api/types';
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

type FormProps = { request: NonNullable<Visit['request']>; begun: Package | null };

function Form({ request, begun }: FormProps) {
  const t = useT();
  const { instance } = useLoaded(sessionQuery);
  const [sentId, setSentId] = useState<string | null>(null);
  const handIn = useHandIn({ request_id: request.id }, begun);
  const uploads = useUploads(handIn.id);
  const local = new Set(uploads.items.map((item) => item.source.path));
  const earlier = handIn.files.filter((file) => file.complete && !local.has(file.path)).length;
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
        initialTitle={begun?.title || request.title}
        initialNote={begun?.note}
        ensure={handIn.ensure}
        fileCount={uploads.items.length + earlier}
        onSent={(value) => setSentId(value.id)}
        uploads={
          <UploadPanel
            packageId={handIn.id}
            ensure={handIn.ensure}
            limits={instance.limits}
            serverFiles={handIn.files}
            onRemoveServerFile={handIn.removeFile}
            onStartOver={handIn.startOver}
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
    return <Form request={visit.request} begun={visit.package} />;
  return <VisitSteps visit={visit} />;
}
