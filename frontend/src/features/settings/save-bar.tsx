import { useT } from '~/i18n/use-t';
import { Button } from '~/ui/base/button';
import classes from './settings.module.css';

type Props = { text: string; shown: boolean; saving: boolean; onDiscard: () => void };

/** What is not saved yet, and the two ways out; it stays in sight. */
export function SaveBar({ text, shown, saving, onDiscard }: Props) {
  const t = useT();
  return (
    <div className={classes.bar} data-shown={shown || undefined}>
      <span aria-live="polite">{shown ? text : ''}</span>
      <div className={classes.buttons}>
        <Button variant="default" disabled={!shown} onClick={onDiscard}>
          {t('settings:discard')}
        </Button>
        <Button type="submit" loading={saving} disabled={!shown}>
          {t('action.save')}
        </Button>
      </div>
    </div>
  );
}
