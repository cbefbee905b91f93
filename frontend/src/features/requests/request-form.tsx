import { Group, Modal, PasswordInput, Stack, Switch, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { FileRequest, FileRequestInput, Instance } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { isEmail } from '~/lib/email';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { createRequest, requestsKey } from './api';

type Props = {
  opened: boolean;
  onClose: () => void;
  onCreated: (request: FileRequest) => void;
  instance: Instance;
};

/** Asks somebody outside for files; only the address is required. */
export function RequestForm({ opened, onClose, onCreated, instance }: Props) {
  const t = useT();
  const form = useForm({
    initialValues: { email: '', title: '', note: '', password: '', send_mail: true },
    validate: { email: (email) => (isEmail(email.trim()) ? null : t('field_error.invalid')) },
  });
  const create = useAction<FileRequestInput, FileRequest>({
    run: createRequest,
    stale: [requestsKey],
    errors: 'inline',
    onDone: (request) => {
      form.reset();
      onCreated(request);
    },
  });
  const submit = form.onSubmit(({ email, title, note, password, send_mail }) => {
    const input: FileRequestInput = { email: email.trim(), title: title.trim(), note, send_mail };
    if (password !== '') input.password = password;
    create.mutate(input, { onError: (error) => form.setErrors(fieldErrors(t, error)) });
  });
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('account:requests.new')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <form noValidate onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label={t('account:requests.email')}
            description={t('account:requests.email_hint')}
            type="email"
            inputMode="email"
            autoCapitalize="none"
            required
            data-autofocus
            {...form.getInputProps('email')}
          />
          <TextInput
            label={t('account:requests.title_field')}
            maxLength={instance.limits.title}
            {...form.getInputProps('title')}
          />
          <Textarea
            label={t('account:requests.note')}
            maxLength={instance.limits.note}
            autosize
            minRows={3}
            {...form.getInputProps('note')}
          />
          <PasswordInput
            label={t('account:requests.password')}
            description={t('account:requests.password_hint')}
            autoComplete="new-password"
            {...form.getInputProps('password')}
          />
          <Switch
            label={t('account:requests.send_mail')}
            description={t('account:requests.send_mail_hint')}
            {...form.getInputProps('send_mail', { type: 'checkbox' })}
          />
          <ProblemAlert error={create.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={create.isPending}>
              {t('account:requests.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
