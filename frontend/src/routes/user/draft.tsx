import { redirect, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { deletePackage, packageKeys, packageQuery } from '~/features/packages/api';
import { forgetUploads } from '~/features/uploads/registry';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useRouteParam } from '~/lib/route';
import { useAction } from '~/lib/use-action';
import { useLoaded } from '~/lib/use-loaded';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { ComposePage } from '../parts/compose-page';
import type { LoadContext } from '../split';

export async function load({ queryClient, params }: LoadContext): Promise<void> {
  const id = params.id ?? '';
  const value = await queryClient.fetchQuery(packageQuery(id));
  if (!value.can.edit || value.send_requested) throw redirect({ to: paths.package(id), replace: true });
}

export function Page() {
  const t = useT();
  const router = useRouter();
  const id = useRouteParam('id');
  // The form starts from the draft as it was when the page was opened; its own saves must not reset it.
  const [draft] = useState(useLoaded(packageQuery(id)));
  const discard = useAction({
    run: () => deletePackage(id),
    done: t('send:discard.done'),
    stale: [packageKeys.all],
    errors: 'inline',
    onDone: () => {
      forgetUploads(id);
      void router.navigate({ to: paths.drafts() });
    },
  });
  return (
    <ComposePage
      key={id}
      draft={draft}
      actions={
        <ConfirmButton
          label={t('send:discard.action')}
          title={t('send:discard.title')}
          text={t('send:discard.text')}
          confirm={t('send:discard.action')}
          danger
          variant="default"
          onConfirm={() => discard.mutateAsync()}
        />
      }
    />
  );
}
