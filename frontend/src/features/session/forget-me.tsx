import { useState } from 'react';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { logOut } from './api';
import classes from './forget-me.module.css';

/** For people without an account who leave a computer that others use; asks once, because links must be opened anew. */
export function ForgetMe() {
  const t = useT();
  const [asked, setAsked] = useState(false);
  const forget = useAction({
    run: logOut,
    // A fresh page: nothing of this person stays in memory.
    onDone: () => window.location.assign(paths.home()),
    errors: 'inline',
  });
  if (!asked)
    return (
      <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setAsked(true)}>
        {t('forget.label')}
      </Button>
    );
  return (
    <fieldset className={classes.ask}>
      <legend>{t('forget.label')}</legend>
      <p>{t('forget.text')}</p>
      <ProblemAlert error={forget.error} />
      <div className={classes.buttons}>
        <Button variant="default" size="compact-sm" onClick={() => setAsked(false)}>
          {t('action.cancel')}
        </Button>
        <Button size="compact-sm" autoFocus loading={forget.isPending} onClick={() => forget.mutate()}>
          {t('forget.confirm')}
        </Button>
      </div>
    </fieldset>
  );
}
