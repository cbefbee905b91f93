import type { Check, Finding } from '~/api/types';
import { engineText, textOf, useT } from '~/i18n/use-t';
import { plainName } from '~/lib/format';
import classes from './finding-list.module.css';
import { distinctFindings } from './model';

/** What the engines found, in words; a code that nobody translated yet is shown as it came. */
export function FindingList({ findings, check }: { findings: readonly Finding[]; check: Check }) {
  const t = useT();
  if (findings.length === 0) {
    return check === 'unscannable' ? (
      <p className={classes.plain}>{t('packages:finding.none_unscannable')}</p>
    ) : null;
  }
  return (
    <ul className={classes.list}>
      {distinctFindings(findings).map((finding) => (
        <li
          key={[finding.engine, finding.outcome, finding.name, finding.object].join(' ')}
          className={classes.item}
          data-outcome={finding.outcome}
        >
          <strong>{t(`packages:finding.${finding.outcome}`)}</strong>
          {finding.name && <span>{textOf(t, 'packages:finding_name', finding.name)}</span>}
          {/* The file itself needs no naming; only what lies inside it does. */}
          {finding.object?.includes('/') && (
            <span className={classes.object}>
              {t('packages:finding.inside', { object: plainName(finding.object) })}
            </span>
          )}
          <span className={classes.engine}>
            {t('packages:finding.by', { engine: engineText(t, finding.engine) })}
          </span>
        </li>
      ))}
    </ul>
  );
}
