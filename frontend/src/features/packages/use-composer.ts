import { useForm } from '@mantine/form';
import { useDebouncedCallback } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { Instance, Package } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { changePackage, createPackage, packageKeys, rememberPackage, sendPackage } from './api';
import { type Draft, draftOf, emptyDraft, inputOf } from './model';

const AUTOSAVE_MS = 1200;
/** The wire's names of the form's fields. */
const FIELDS: Record<string, keyof Draft> = {
  blind_recipients: 'blind',
  expires_in_days: 'days',
  access_limit: 'accessLimit',
};

type Options = {
  instance: Instance;
  draft: Package | null;
  /** All files, also those whose upload has not begun. */
  fileCount: number;
  onCreated: (value: Package) => void;
  onSent: (value: Package) => void;
};

/**
 * The form of a package that is being written. The package exists on the server from the first file on;
 * from then on each pause in typing saves it.
 */
export function useComposer({ instance, draft, fileCount, onCreated, onSent }: Options) {
  const t = useT();
  const queryClient = useQueryClient();
  const { default: days } = instance.expiry_days;
  const id = useRef<string | null>(draft?.id ?? null);
  const creating = useRef<Promise<string> | null>(null);
  const [savedAt, setSavedAt] = useState<Date | null>(null);
  const hadPassword = draft?.has_password ?? false;

  const save = useDebouncedCallback(
    async (values: Draft) => {
      if (id.current === null) return;
      // A half-written form may be refused; what is wrong is said when it is sent.
      const saved = await changePackage(id.current, inputOf(values, false, hadPassword)).catch(() => null);
      if (saved) {
        rememberPackage(queryClient, saved);
        setSavedAt(new Date());
      }
    },
    { delay: AUTOSAVE_MS, flushOnUnmount: true },
  );

  const form = useForm<Draft>({
    mode: 'controlled',
    initialValues: draft ? draftOf(draft) : emptyDraft(instance.default_type, days),
    onValuesChange: save,
  });

  /** The package's id, made at the first call; two quick drops must not make two packages. */
  const ensure = async (): Promise<string> => {
    if (id.current !== null) return id.current;
    creating.current ??= createPackage(inputOf(form.getValues(), false, false))
      .then((value) => {
        id.current = value.id;
        rememberPackage(queryClient, value);
        void queryClient.invalidateQueries({ queryKey: packageKeys.list('drafts', '') });
        onCreated(value);
        return value.id;
      })
      .finally(() => {
        creating.current = null;
      });
    return creating.current;
  };

  const send = useAction<void, Package>({
    run: async () => {
      const packageId = await ensure();
      save.cancel();
      await changePackage(packageId, inputOf(form.getValues(), true, hadPassword));
      return sendPackage(packageId, fileCount);
    },
    stale: [['packages', 'list']],
    errors: 'inline',
    onDone: (value) => {
      rememberPackage(queryClient, value);
      onSent(value);
    },
  });

  const submit = (): void =>
    send.mutate(undefined, {
      onError: (error) => {
        const named = Object.entries(fieldErrors(t, error)).map(([field, text]) => [
          FIELDS[field] ?? field,
          text,
        ]);
        form.setErrors(Object.fromEntries(named));
      },
    });

  return { form, ensure, submit, sending: send.isPending, error: send.error, savedAt, hadPassword };
}
