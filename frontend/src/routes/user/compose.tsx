import { redirect, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import type { Package } from '~/api/types';
import { deletePackage, packageKeys, packageQuery } from '~/features/packages/api';
import { forgetUploads } from '~/features/uploads/registry';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useOptionalParam } from '~/lib/route';
import { useAction } from '~/lib/use-action';
import { useLoaded } from '~/lib/use-loaded';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { ComposePage } from '../parts/compose-page';
import type { LoadContext } from '../split';

export async function load({ queryClient, params }: LoadContext): Promise<void> {
  if (params.id === undefined) return;
  const value = await queryClient.fetchQuery(packageQuery(params.id));
  if (!value.can.edit || value.send_requested)
    throw redirect({ to: paths.package(params.id), replace: true });
}

function Discard({ id }: { id: string }) {
  const t = useT();
  const router = useRouter();
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
    <ConfirmButton
      label={t('send:discard.action')}
      title={t('send:discard.title')}
      text={t('send:discard.text')}
      confirm={t('send:discard.action')}
      danger
      variant="default"
      onConfirm={() => discard.mutateAsync()}
    />
  );
}

type FormProps = { id: string | undefined; onCreated: (value: Package) => void };

function Draft({ id, onCreated }: FormProps & { id: string }) {
  // The form starts from the draft as it was when the page was opened; its own saves must not reset it.
  const [draft] = useState(useLoaded(packageQuery(id)));
  return <ComposePage draft={draft} onCreated={onCreated} actions={<Discard id={id} />} />;
}

/** The form of a new package, which has no draft on the server before its first file. */
function Fresh({ id, onCreated }: FormProps) {
  return <ComposePage draft={null} onCreated={onCreated} actions={id && <Discard id={id} />} />;
}

/**
 * Writing a package, with or without a draft on the server. When the first file makes the draft, the address
 * becomes the draft's own, so that a reload finds it; the form stays as it is, in the middle of a word.
 */
export function Page() {
  const router = useRouter();
  const id = useOptionalParam('id');
  const [form, setForm] = useState({ key: 0, id, fresh: id === undefined, created: '' });
  if (id !== form.id) {
    const adopted = id !== undefined && id === form.created;
    setForm({
      key: adopted ? form.key : form.key + 1,
      id,
      fresh: adopted || id === undefined,
      created: '',
    });
  }
  const adopt = (value: Package): void => {
    setForm((old) => ({ ...old, created: value.id }));
    void router.navigate({ to: paths.draft(value.id), replace: true });
  };
  if (form.fresh || id === undefined) return <Fresh key={form.key} id={id} onCreated={adopt} />;
  return <Draft key={form.key} id={id} onCreated={adopt} />;
}
