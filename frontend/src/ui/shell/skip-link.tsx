import { useT } from '~/i18n/use-t';
import classes from './skip-link.module.css';

export function SkipLink() {
  const t = useT();
  return (
    <button
      type="button"
      className={classes.skip}
      onClick={() => document.querySelector<HTMLElement>('#content h1')?.focus()}
    >
      {t('a11y.skip')}
    </button>
  );
}
