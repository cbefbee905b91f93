import { Group, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { ADMINISTRATOR_PERMISSIONS, type Administrator } from '~/api/admin-types';
import { useT } from '~/i18n/use-t';
import { isEmail } from '~/lib/email';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { NewPassword } from '~/ui/fields/new-password';
import { PermissionBoxes } from '~/ui/fields/permission-boxes';
import { administratorsKey, createAdministrator } from './api';

type Input = Parameters<typeof createAdministrator>[0];

export function AdministratorForm({ passwordMin, onDone }: { passwordMin: number; onDone: () => void }) {
  const t = useT();
  const form = useForm<Required<Input>>({
    initialValues: { email: '', name: '', password: '', permissions: [...ADMINISTRATOR_PERMISSIONS] },
    validate: {
      email: (email) => (isEmail(email.trim()) ? null : t('field_error.invalid')),
      name: (name) => (name.trim() === '' ? t('field_error.required') : null),
      password: (text) => ([...text].length < passwordMin ? t('field_error.too_short') : null),
    },
  });
  const create = useAction<Input, Administrator>({
    run: createAdministrator,
    stale: [administratorsKey],
    done: t('admin:administrators.created'),
    errors: 'inline',
    onDone,
  });
  return (
    <form
      noValidate
      onSubmit={form.onSubmit((values) =>
        create.mutate(
          { ...values, email: values.email.trim(), name: values.name.trim() },
          { onError: (error) => form.setErrors(fieldErrors(t, error)) },
        ),
      )}
    >
      <Stack gap="md">
        <TextInput
          label={t('admin:users.email')}
          type="email"
          autoComplete="off"
          data-autofocus
          {...form.getInputProps('email')}
        />
        <TextInput label={t('admin:users.name')} autoComplete="off" {...form.getInputProps('name')} />
        <NewPassword min={passwordMin} {...form.getInputProps('password')} value={form.values.password} />
        <PermissionBoxes
          label={t('admin:users.permissions')}
          all={ADMINISTRATOR_PERMISSIONS}
          text={(permission) => t(`admin:administrator_permission.${permission}`)}
          {...form.getInputProps('permissions')}
        />
        <ProblemAlert error={create.error} />
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            {t('admin:administrators.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
