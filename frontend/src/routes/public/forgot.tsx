import { Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { forgotPassword } from '~/features/session/api';
import { useT } from '~/i18n/use-t';
import { isEmail } from '~/lib/email';
import { Link } from '~/lib/link';
import { paths } from '~/lib/paths';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { Notice, ProblemAlert } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { Page as Frame } from '~/ui/page/page';
import classes from './public.module.css';

export function Page() {
  const t = useT();
  const [email, setEmail] = useState('');
  const ask = useAction<void, void>({ run: () => forgotPassword(email.trim()), errors: 'inline' });
  return (
    <div className={classes.form}>
      <Frame title={t('forgot.title')} lead={t('forgot.lead')}>
        {ask.isSuccess ? (
          <Notice tone="good">{t('forgot.done', { email: email.trim() })}</Notice>
        ) : (
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
                  label={t('login.email')}
                  type="email"
                  inputMode="email"
                  autoComplete="username"
                  autoCapitalize="none"
                  size="md"
                  value={email}
                  onChange={(event) => setEmail(event.currentTarget.value)}
                />
                <ProblemAlert error={ask.error} />
                <Button type="submit" size="md" loading={ask.isPending} disabled={!isEmail(email.trim())}>
                  {t('forgot.submit')}
                </Button>
              </Stack>
            </form>
          </Card>
        )}
        <p className={classes.aside}>
          <Link to={paths.login()}>{t('forgot.back')}</Link>
        </p>
      </Frame>
    </div>
  );
}
