import { Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useT } from '~/i18n/use-t';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { NewPassword } from '~/ui/fields/new-password';
import { resetPassword } from './api';

type Props = { token: string; min: number; submit: string; onDone: () => void };

/** Sets a password by a mailed link: after "forgotten", and for an invitation. */
export function SetPasswordForm({ token, min, submit, onDone }: Props) {
  const t = useT();
  const form = useForm({
    initialValues: { password: '' },
    validate: { password: (text) => ([...text].length < min ? t('field_error.too_short') : null) },
  });
  const reset = useAction<string, void>({
    run: (password) => resetPassword(token, password),
    onDone,
    errors: 'inline',
  });
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(({ password }) =>
        reset.mutate(password, { onError: (error) => form.setErrors(fieldErrors(t, error)) }),
      )}
    >
      <Stack gap="md">
        <NewPassword min={min} {...form.getInputProps('password')} value={form.values.password} />
        <ProblemAlert error={reset.error} />
        <Button type="submit" size="md" fullWidth loading={reset.isPending}>
          {submit}
        </Button>
      </Stack>
    </form>
  );
}
