import { NumberInput } from '@mantine/core';
import { useState } from 'react';
import type { PolicyTrial as Trial } from '~/api/policy-types';
import { type T, textOf, useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { Card } from '~/ui/page/card';
import { tryPolicy } from './api';
import type { Edits } from './model';
import classes from './policy.module.css';

type Fate = Trial['affected'][number]['before'];

function fateText(t: T, fate: Fate): string {
  if (fate.returned) return t('admin:policy.try.goes_back');
  const held = t('admin:policy.try.held', { count: fate.held });
  return fate.approval ? `${held}, ${t('admin:policy.try.waits')}` : held;
}

function Result({ trial }: { trial: Trial }) {
  const t = useT();
  const counts = [
    trial.held_more > 0 && t('admin:policy.try.held_more', { count: trial.held_more }),
    trial.held_less > 0 && t('admin:policy.try.held_less', { count: trial.held_less }),
    trial.returned > 0 && t('admin:policy.try.returned', { count: trial.returned }),
  ].filter((text) => text !== false);
  return (
    <>
      <p className={classes.counts}>
        {t('admin:policy.try.packages', { count: trial.packages })}
        {': '}
        {counts.length > 0 ? `${counts.join('; ')}.` : t('admin:policy.try.nothing')}
        {trial.more && ` ${t('admin:policy.try.more')}`}
      </p>
      {counts.length > 0 && trial.affected.length === 0 && <p>{t('admin:policy.try.names_hidden')}</p>}
      {trial.affected.length > 0 && (
        <Rows label={t('admin:policy.try.affected')}>
          {trial.affected.map((one) => (
            <Row
              key={one.package_id}
              title={<a href={paths.admin.package(one.package_id)}>{one.sender}</a>}
              sub={one.because.map((rule) => textOf(t, 'settings:label', `checks.${rule}`)).join(', ')}
              meta={
                <>
                  {t('admin:policy.try.fate', {
                    before: fateText(t, one.before),
                    after: fateText(t, one.after),
                  })}
                  {' · '}
                  <Time at={one.submitted_at} />
                </>
              }
            />
          ))}
        </Rows>
      )}
    </>
  );
}

/** What the rules on the page would have done to what was sent lately. */
export function PolicyTrial({ values, groupId }: { values: Edits; groupId?: string }) {
  const t = useT();
  const [days, setDays] = useState<number | string>(30);
  const tried = JSON.stringify([days, values]);
  const run = useAction<void, { trial: Trial; tried: string }>({
    run: async () => ({ trial: await tryPolicy(Number(days), values, groupId), tried }),
    errors: 'inline',
  });
  const nothing = Object.keys(values).length === 0;
  return (
    <Card title={t('admin:policy.try.title')} description={t('admin:policy.try.lead')}>
      <div className={classes.try}>
        <NumberInput
          label={t('admin:policy.try.days')}
          value={days}
          onChange={setDays}
          min={1}
          max={90}
          allowDecimal={false}
          w={160}
        />
        <Button
          variant="default"
          disabled={nothing || days === ''}
          loading={run.isPending}
          onClick={() => run.mutate()}
        >
          {t('admin:policy.try.run')}
        </Button>
      </div>
      <ProblemAlert error={run.error} />
      <div aria-live="polite">
        {nothing && !run.data && <p className={classes.help}>{t('admin:policy.try.unchanged')}</p>}
        {run.data && run.data.tried !== tried && (
          <p className={classes.help}>{t('admin:policy.try.stale')}</p>
        )}
        {run.data?.tried === tried && <Result trial={run.data.trial} />}
      </div>
    </Card>
  );
}
