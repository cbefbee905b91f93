import { PasswordInput, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useT } from '~/i18n/use-t';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { NewPassword } from './new-password';

type Change = { current: string; new: string };

/** Changes the password of whoever is logged in, user or administrator. */
export function ChangePasswordForm({
  change,
  min,
}: {
  change: (input: Change) => Promise<void>;
  min: number;
}) {
  const t = useT();
  const form = useForm<Change>({
    initialValues: { current: '', new: '' },
    validate: {
      current: (text) => (text === '' ? t('field_error.required') : null),
      new: (text) => ([...text].length < min ? t('field_error.too_short') : null),
    },
  });
  const save = useAction<Change, void>({
    run: change,
    done: t('password.changed'),
    errors: 'inline',
    onDone: () => form.reset(),
  });
  return (
    <form
      noValidate
      onSubmit={form.onSubmit((values) =>
        save.mutate(values, { onError: (error) => form.setErrors(fieldErrors(t, error)) }),
      )}
    >
      <Stack gap="md" maw={420}>
        <PasswordInput
          label={t('password.current')}
          autoComplete="current-password"
          size="md"
          visibilityToggleButtonProps={{
            'aria-label': t('password.toggle'),
            tabIndex: 0,
            'aria-hidden': undefined,
          }}
          {...form.getInputProps('current')}
        />
        <NewPassword min={min} {...form.getInputProps('new')} value={form.values.new} />
        <ProblemAlert error={save.error} />
        <Button type="submit" fit loading={save.isPending}>
          {t('password.change')}
        </Button>
      </Stack>
    </form>
  );
}
