import { Group, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useT } from '~/i18n/use-t';
import { isEmail } from '~/lib/email';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { Notice, ProblemAlert } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { testMail } from './api';

/** Sends one mail with the saved settings and says what the server answered. */
export function MailTest({ initialTo }: { initialTo: string }) {
  const t = useT();
  const [to, setTo] = useState(initialTo);
  const test = useAction<void, { sent: boolean; detail: string | null }>({
    run: () => testMail(to.trim()),
    errors: 'inline',
  });
  return (
    <Card title={t('settings:mail_test.title')} description={t('settings:mail_test.hint')}>
      <Group align="flex-end" gap="sm">
        <TextInput
          label={t('settings:mail_test.to')}
          type="email"
          value={to}
          w={300}
          maw="100%"
          onChange={(event) => setTo(event.currentTarget.value)}
        />
        <Button
          variant="default"
          loading={test.isPending}
          disabled={!isEmail(to.trim())}
          onClick={() => test.mutate()}
        >
          {t('settings:mail_test.send')}
        </Button>
      </Group>
      <div aria-live="polite">
        {test.data && (
          <Notice tone={test.data.sent ? 'good' : 'warn'}>
            {test.data.sent ? t('settings:mail_test.sent') : t('settings:mail_test.failed')}{' '}
            {test.data.detail}
          </Notice>
        )}
      </div>
      <ProblemAlert error={test.error} />
    </Card>
  );
}
