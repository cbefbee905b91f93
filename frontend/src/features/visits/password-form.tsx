import { useState } from 'react';
import type { Visit } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { SecretField } from '~/ui/base/field';
import { Stack } from '~/ui/base/stack';
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
      <Stack>
        <SecretField
          label={t('visit:password.label')}
          description={t('visit:password.hint')}
          autoComplete="off"
          autoFocus
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
