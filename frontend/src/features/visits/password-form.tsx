import { Button, PasswordInput, Stack } from '@mantine/core';
import { useState } from 'react';
import type { Visit } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { givePassword } from './api';

export function PasswordForm({ visit, onDone }: { visit: Visit; onDone: (next: Visit) => void }) {
  const t = useT();
  const [password, setPassword] = useState('');
  const unlock = useAction<void, Visit>({
    run: () => givePassword(visit.id, password),
    onDone,
    errors: 'inline',
  });
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (password !== '') unlock.mutate();
      }}
    >
      <Stack gap="md">
        <PasswordInput
          label={t('visit:password.label')}
          description={t('visit:password.hint')}
          autoComplete="off"
          autoFocus
          size="md"
          visibilityToggleButtonProps={{
            'aria-label': t('password.toggle'),
            tabIndex: 0,
            'aria-hidden': undefined,
          }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <ProblemAlert error={unlock.error} />
        <Button type="submit" size="md" loading={unlock.isPending} disabled={password === ''}>
          {t('visit:password.submit')}
        </Button>
      </Stack>
    </form>
  );
}
