import { Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useT } from '~/i18n/use-t';
import { isEmail } from '~/lib/email';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { NewPassword } from '~/ui/fields/new-password';
import { Card } from '~/ui/page/card';
import { setUp } from './api';

type Values = { email: string; name: string; password: string };

/** The first administrator; the set-up link's secret is what allows it. */
export function AdministratorStep({
  token,
  min,
  onDone,
}: {
  token: string;
  min: number;
  onDone: () => void;
}) {
  const t = useT();
  const form = useForm<Values>({
    initialValues: { email: '', name: '', password: '' },
    validate: {
      email: (email) => (isEmail(email.trim()) ? null : t('field_error.invalid')),
      name: (name) => (name.trim() === '' ? t('field_error.required') : null),
      password: (text) => ([...text].length < min ? t('field_error.too_short') : null),
    },
  });
  const create = useAction<Values, void>({
    run: ({ email, name, password }) => setUp({ token, email: email.trim(), name: name.trim(), password }),
    onDone,
    errors: 'inline',
  });
  return (
    <Card title={t('admin:setup.administrator.title')} description={t('admin:setup.administrator.text')}>
      <form
        noValidate
        onSubmit={form.onSubmit((values) =>
          create.mutate(values, { onError: (error) => form.setErrors(fieldErrors(t, error)) }),
        )}
      >
        <Stack gap="md">
          <TextInput
            label={t('admin:users.email')}
            type="email"
            autoComplete="username"
            size="md"
            {...form.getInputProps('email')}
          />
          <TextInput
            label={t('admin:users.name')}
            autoComplete="name"
            size="md"
            {...form.getInputProps('name')}
          />
          <NewPassword min={min} {...form.getInputProps('password')} value={form.values.password} />
          <ProblemAlert error={create.error} />
          <Button type="submit" size="md" loading={create.isPending}>
            {t('admin:setup.administrator.submit')}
          </Button>
        </Stack>
      </form>
    </Card>
  );
}
