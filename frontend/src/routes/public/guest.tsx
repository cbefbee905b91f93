import { useQueryClient } from '@tanstack/react-query';
import { redirect } from '@tanstack/react-router';
import { useState } from 'react';
import { GuestProof } from '~/features/guests/guest-proof';
import { HandInForm } from '~/features/packages/hand-in-form';
import { useHandIn } from '~/features/packages/use-hand-in';
import { rememberSession, sessionQuery } from '~/features/session/api';
import { UploadPanel } from '~/features/uploads/upload-panel';
import { useUploads } from '~/features/uploads/use-uploads';
import { useT } from '~/i18n/use-t';
import { Link } from '~/lib/link';
import { paths } from '~/lib/paths';
import { useLoaded } from '~/lib/use-loaded';
import { Page as Frame } from '~/ui/page/page';
import { HandedIn } from '../parts/handed-in';
import type { LoadContext } from '../split';
import classes from './public.module.css';

export const load = async ({ queryClient }: LoadContext): Promise<void> => {
  const { instance } = await queryClient.ensureQueryData(sessionQuery);
  if (!instance.guest_form) throw redirect({ to: paths.login(), replace: true });
};

function GuestForm({ email }: { email: string }) {
  const t = useT();
  const { instance } = useLoaded(sessionQuery);
  const [sentId, setSentId] = useState<string | null>(null);
  const handIn = useHandIn({ type: 'private' });
  const uploads = useUploads(handIn.id);
  if (sentId !== null) return <HandedIn packageId={sentId} to={null} />;
  return (
    <Frame title={t('visit:guest.title')} lead={t('visit:guest.proved', { email })} width="narrow">
      <HandInForm
        instance={instance}
        withRecipients
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
  const queryClient = useQueryClient();
  const { visitor } = useLoaded(sessionQuery);
  if (visitor?.email) return <GuestForm email={visitor.email} />;
  return (
    <Frame title={t('visit:guest.title')} lead={t('visit:guest.lead')} width="narrow">
      <GuestProof onDone={(session) => rememberSession(queryClient, session)} />
      <p className={classes.aside}>
        {t('visit:guest.have_account')} <Link to={paths.login()}>{t('login.submit')}</Link>
      </p>
    </Frame>
  );
}
