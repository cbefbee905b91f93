import type { Integrity } from '~/api/key-types';
import { useLocale, useT } from '~/i18n/use-t';
import { formatNumber } from '~/lib/format';
import classes from './integrity.module.css';

const STATES = ['total', 'ok', 'corrupted', 'inaccessible', 'unchecked'] as const;

/** How many files are in which state. */
export function Counts({ files }: { files: Integrity['files'] }) {
  const t = useT();
  const locale = useLocale();
  return (
    <dl className={classes.counts}>
      {STATES.map((state) => {
        const bad = (state === 'corrupted' || state === 'inaccessible') && files[state] > 0;
        return (
          <div key={state} className={classes.count} data-bad={bad || undefined}>
            <dt>{t(`admin:integrity.${state}`)}</dt>
            <dd>{formatNumber(files[state], locale)}</dd>
          </div>
        );
      })}
    </dl>
  );
}
