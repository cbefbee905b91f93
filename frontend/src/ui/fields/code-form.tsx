import { useState } from 'react';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { Field } from '~/ui/base/field';
import { Stack } from '~/ui/base/stack';
import { ProblemAlert } from '~/ui/feedback/feedback';
import classes from './code-form.module.css';
import { Time } from './time';

const DIGITS = 8;

type Props = {
  /** The address, or a masked form of it. */
  sentTo: string | null;
  sentAt: string | null;
  request: () => Promise<unknown>;
  verify: (code: string) => Promise<unknown>;
};

/** Proof of an e-mail address by a mailed code: eight digits in two groups. */
export function CodeForm({ sentTo, sentAt, request, verify }: Props) {
  const t = useT();
  const [code, setCode] = useState('');
  const asking = useAction<void, unknown>({ run: request, errors: 'inline' });
  const checking = useAction<string, unknown>({ run: verify, errors: 'inline', onDone: () => setCode('') });
  const digits = code.replace(/\D/g, '').slice(0, DIGITS);
  const shown = digits.length > 4 ? `${digits.slice(0, 4)} ${digits.slice(4)}` : digits;

  if (sentAt === null) {
    return (
      <Stack>
        <p className={classes.text}>
          {sentTo ? t('code.will_send', { email: sentTo }) : t('code.will_send_somewhere')}
        </p>
        <ProblemAlert error={asking.error} />
        <Button size="md" loading={asking.isPending} onClick={() => asking.mutate()}>
          {t('code.send')}
        </Button>
      </Stack>
    );
  }
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (digits.length === DIGITS) checking.mutate(digits);
      }}
    >
      <Stack>
        <p className={classes.text} role="status">
          {sentTo ? t('code.sent', { email: sentTo }) : t('code.sent_somewhere')} <Time at={sentAt} />.
        </p>
        <Field
          label={t('code.label')}
          description={t('code.hint')}
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
          className={classes.code}
          value={shown}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <ProblemAlert error={checking.error ?? asking.error} />
        <Button type="submit" size="md" loading={checking.isPending} disabled={digits.length !== DIGITS}>
          {t('code.verify')}
        </Button>
        <Button variant="subtle" loading={asking.isPending} onClick={() => asking.mutate()}>
          {t('code.again')}
        </Button>
      </Stack>
    </form>
  );
}
