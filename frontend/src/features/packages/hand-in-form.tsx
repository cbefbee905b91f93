import { Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { ReactNode } from 'react';
import type { Instance, Package, PackageInput } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { isEmail } from '~/lib/email';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { EmailChips } from '~/ui/fields/email-chips';
import { Card } from '~/ui/page/card';
import { changePackage, sendPackage } from './api';
import classes from './hand-in-form.module.css';

type Props = {
  instance: Instance;
  /** Asks for recipients; on a request they are fixed. */
  withRecipients: boolean;
  initialTitle?: string;
  initialNote?: string;
  ensure: () => Promise<string>;
  fileCount: number;
  uploads: ReactNode;
  onSent: (value: Package) => void;
};

/** The form of people without an account: files, a title, a few words. */
export function HandInForm(props: Props) {
  const { instance, withRecipients, initialTitle = '', initialNote = '' } = props;
  const { ensure, fileCount, uploads, onSent } = props;
  const t = useT();
  const form = useForm({
    initialValues: { recipients: [] as string[], title: initialTitle, note: initialNote },
  });
  const send = useAction<PackageInput, Package>({
    run: async (input) => {
      const id = await ensure();
      await changePackage(id, input);
      return sendPackage(id, fileCount);
    },
    onDone: onSent,
    errors: 'inline',
  });
  const { recipients } = form.values;
  const missing =
    withRecipients && recipients.length === 0
      ? 'recipients'
      : recipients.some((address) => !isEmail(address))
        ? 'bad_recipients'
        : fileCount === 0
          ? 'files'
          : null;
  const submit = form.onSubmit(({ title, note }) => {
    if (missing !== null) return;
    const input = { title: title.trim(), note, ...(withRecipients ? { recipients } : {}) };
    send.mutate(input, { onError: (error) => form.setErrors(fieldErrors(t, error)) });
  });
  return (
    <form noValidate onSubmit={submit} className={classes.form}>
      {uploads}
      <Card>
        <Stack gap="md">
          {withRecipients && (
            <EmailChips
              label={t('send:to')}
              description={t('visit:guest.to_hint')}
              required
              value={recipients}
              max={instance.limits.recipients}
              error={typeof form.errors.recipients === 'string' ? form.errors.recipients : undefined}
              onChange={(value) => form.setFieldValue('recipients', value)}
            />
          )}
          <TextInput
            label={t('send:title')}
            maxLength={instance.limits.title}
            size="md"
            {...form.getInputProps('title')}
          />
          <Textarea
            label={t('send:note')}
            maxLength={instance.limits.note}
            autosize
            minRows={3}
            maxRows={12}
            size="md"
            {...form.getInputProps('note')}
          />
          <ProblemAlert error={send.error} />
          <Button
            type="submit"
            size="md"
            loading={send.isPending}
            disabled={missing !== null}
            leftSection={<Icon name="send" />}
          >
            {t('send:send')}
          </Button>
          <p className={classes.hint} aria-live="polite">
            {missing ? t(`send:missing.${missing}`) : t('send:then')}
          </p>
        </Stack>
      </Card>
    </form>
  );
}
