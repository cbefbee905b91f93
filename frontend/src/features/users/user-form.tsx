import { Group, SegmentedControl, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import {
  type AdminUser,
  type AdminUserInput,
  USER_PERMISSIONS,
  type UserPermission,
} from '~/api/admin-types';
import { useT } from '~/i18n/use-t';
import { isEmail } from '~/lib/email';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { NewPassword } from '~/ui/fields/new-password';
import { PermissionBoxes } from '~/ui/fields/permission-boxes';
import { createUser, usersKey } from './api';

type Props = { passwordMin: number; onDone: (user: AdminUser) => void; onCancel?: () => void };

/** Makes a user: by an invitation that the mail brings, or with a password typed here. */
export function UserForm({ passwordMin, onDone, onCancel }: Props) {
  const t = useT();
  const form = useForm({
    initialValues: {
      email: '',
      name: '',
      way: 'invite',
      password: '',
      // Deciding on what others send is given on purpose.
      permissions: USER_PERMISSIONS.filter((one) => one !== 'approve') as UserPermission[],
    },
    validate: {
      email: (email) => (isEmail(email.trim()) ? null : t('field_error.invalid')),
      name: (name) => (name.trim() === '' ? t('field_error.required') : null),
      password: (text, { way }) =>
        way === 'password' && [...text].length < passwordMin ? t('field_error.too_short') : null,
    },
  });
  const create = useAction<AdminUserInput, AdminUser>({
    run: createUser,
    stale: [usersKey],
    done: t('admin:users.created'),
    errors: 'inline',
    onDone,
  });
  const submit = form.onSubmit(({ email, name, way, password, permissions }) => {
    const input: AdminUserInput = { email: email.trim(), name: name.trim(), permissions };
    if (way === 'password') input.password = password;
    create.mutate(input, { onError: (error) => form.setErrors(fieldErrors(t, error)) });
  });
  return (
    <form noValidate onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label={t('admin:users.email')}
          type="email"
          inputMode="email"
          autoCapitalize="none"
          autoComplete="off"
          data-autofocus
          {...form.getInputProps('email')}
        />
        <TextInput
          label={t('admin:users.name')}
          autoComplete="off"
          maxLength={200}
          {...form.getInputProps('name')}
        />
        <SegmentedControl
          aria-label={t('admin:users.way')}
          {...form.getInputProps('way')}
          data={[
            { value: 'invite', label: t('admin:users.way_invite') },
            { value: 'password', label: t('admin:users.way_password') },
          ]}
        />
        {form.values.way === 'password' ? (
          <NewPassword min={passwordMin} {...form.getInputProps('password')} value={form.values.password} />
        ) : (
          <span>{t('admin:users.invite_hint')}</span>
        )}
        <PermissionBoxes
          label={t('admin:users.permissions')}
          all={USER_PERMISSIONS}
          text={(permission) => t(`admin:user_permission.${permission}`)}
          {...form.getInputProps('permissions')}
        />
        <ProblemAlert error={create.error} />
        <Group justify="flex-end">
          {onCancel && (
            <Button variant="default" onClick={onCancel}>
              {t('action.cancel')}
            </Button>
          )}
          <Button type="submit" loading={create.isPending}>
            {form.values.way === 'password' ? t('admin:users.create') : t('admin:users.invite')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
