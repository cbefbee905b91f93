import { Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Session } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { isEmail } from '~/lib/email';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { CodeForm } from '~/ui/fields/code-form';
import { Card } from '~/ui/page/card';
import { requestGuestCode, verifyGuestCode } from './api';

/** A guest says who they are and proves it by a code, before anything else. */
export function GuestProof({ onDone }: { onDone: (session: Session) => void }) {
  const t = useT();
  const [email, setEmail] = useState('');
  const [sentAt, setSentAt] = useState<string | null>(null);
  const ask = useAction<void, void>({
    run: () => requestGuestCode(email.trim()),
    onDone: () => setSentAt(new Date().toISOString()),
    errors: 'inline',
  });
  if (sentAt !== null) {
    return (
      <Card>
        <CodeForm
          sentTo={email.trim()}
          sentAt={sentAt}
          request={() => ask.mutateAsync()}
          verify={(code) => verifyGuestCode(code).then(onDone)}
        />
      </Card>
    );
  }
  return (
    <Card>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          ask.mutate();
        }}
      >
        <Stack gap="md">
          <TextInput
            label={t('visit:guest.email')}
            description={t('visit:guest.email_hint')}
            type="email"
            inputMode="email"
            autoComplete="email"
            autoCapitalize="none"
            size="md"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <ProblemAlert error={ask.error} />
          <Button type="submit" size="md" loading={ask.isPending} disabled={!isEmail(email.trim())}>
            {t('code.send')}
          </Button>
        </Stack>
      </form>
    </Card>
  );
}
