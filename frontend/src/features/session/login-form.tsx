import { PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { ReactNode } from 'react';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';

type Credentials = { email: string; password: string };
type Props<Output> = {
  logIn: (input: Credentials) => Promise<Output>;
  onDone: (output: Output) => void;
  below?: ReactNode;
};

/** Address and password, for users and for administrators. */
export function LoginForm<Output>({ logIn, onDone, below }: Props<Output>) {
  const t = useT();
  const form = useForm<Credentials>({
    initialValues: { email: '', password: '' },
    validate: {
      email: (email) => (email.trim() === '' ? t('field_error.required') : null),
      password: (password) => (password === '' ? t('field_error.required') : null),
    },
  });
  const login = useAction<Credentials, Output>({ run: logIn, onDone, errors: 'inline' });
  return (
    <form
      noValidate
      onSubmit={form.onSubmit((values) => login.mutate({ ...values, email: values.email.trim() }))}
    >
      <Stack gap="md">
        <TextInput
          label={t('login.email')}
          type="email"
          inputMode="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          size="md"
          {...form.getInputProps('email')}
        />
        <PasswordInput
          label={t('login.password')}
          autoComplete="current-password"
          size="md"
          visibilityToggleButtonProps={{
            'aria-label': t('password.toggle'),
            tabIndex: 0,
            'aria-hidden': undefined,
          }}
          {...form.getInputProps('password')}
        />
        <ProblemAlert error={login.error} />
        <Button type="submit" size="md" fullWidth loading={login.isPending}>
          {t('login.submit')}
        </Button>
        {below}
      </Stack>
    </form>
  );
}
