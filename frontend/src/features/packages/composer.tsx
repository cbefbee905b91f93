import { useNetwork } from '@mantine/hooks';
import type { ReactNode } from 'react';
import type { Instance, Package, Session } from '~/api/types';
import { useLocale, useT } from '~/i18n/use-t';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import classes from './composer.module.css';
import { LetterFields, ProtectionFields, TypeField } from './composer-fields';
import { missingForSend } from './model';
import { useComposer } from './use-composer';

type Props = {
  instance: Instance;
  can: Session['can'];
  draft: Package | null;
  /** The upload panel; it asks for the package when the first file comes. */
  uploads: (ensure: () => Promise<string>) => ReactNode;
  /** Files that have arrived or are on their way. */
  fileCount: number;
  /** Some upload was broken off by a reload and waits for its file. */
  interrupted: boolean;
  uploading: boolean;
  onCreated: (value: Package) => void;
  onSent: (value: Package) => void;
};

/** A package being written: like a mail, with files that travel while you type. */
export function Composer({
  instance,
  can,
  draft,
  uploads,
  fileCount,
  interrupted,
  uploading,
  onCreated,
  onSent,
}: Props) {
  const t = useT();
  const locale = useLocale();
  const { online } = useNetwork();
  const composer = useComposer({ instance, draft, fileCount, onCreated, onSent });
  const missing = !online
    ? 'offline'
    : (missingForSend(composer.form.values, fileCount, composer.hadPassword) ??
      (interrupted ? 'interrupted' : null));
  return (
    <form
      className={classes.composer}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (missing === null) composer.submit();
      }}
    >
      <div className={classes.main}>
        <Card>
          <LetterFields form={composer.form} instance={instance} />
        </Card>
        {uploads(composer.ensure)}
      </div>
      <div className={classes.side}>
        <Card>
          <TypeField form={composer.form} types={instance.types} can={can} />
          <hr className={classes.rule} />
          <ProtectionFields form={composer.form} instance={instance} hadPassword={composer.hadPassword} />
        </Card>
        <ProblemAlert error={composer.error} />
        <Button
          type="submit"
          size="md"
          fullWidth
          loading={composer.sending}
          disabled={missing !== null}
          leftSection={<Icon name="send" />}
          aria-describedby="send-hint"
        >
          {t('send:send')}
        </Button>
        <p id="send-hint" className={classes.hint} aria-live="polite">
          {missing ? t(`send:missing.${missing}`) : uploading ? t('send:while_uploading') : t('send:then')}
          {composer.savedAt && (
            <span className={classes.saved}>
              {t('send:saved', { time: composer.savedAt.toLocaleTimeString(locale, { timeStyle: 'short' }) })}
            </span>
          )}
        </p>
      </div>
    </form>
  );
}
