import { useT } from '~/i18n/use-t';
import { Icon } from '~/ui/brand/icon';
import classes from './step-list.module.css';

export const SETUP_STEPS = ['administrator', 'address', 'engines', 'user', 'done'] as const;
export type SetupStep = (typeof SETUP_STEPS)[number];

/** Where we are in the wizard. */
export function StepList({ current }: { current: SetupStep }) {
  const t = useT();
  const at = SETUP_STEPS.indexOf(current);
  return (
    <ol className={classes.steps} aria-label={t('admin:setup.steps')}>
      {SETUP_STEPS.map((step, index) => (
        <li key={step} aria-current={index === at ? 'step' : undefined} data-done={index < at || undefined}>
          <span className={classes.dot}>{index < at ? <Icon name="check" size={14} /> : index + 1}</span>
          <span className={classes.name}>{t(`admin:setup.step.${step}`)}</span>
        </li>
      ))}
    </ol>
  );
}
