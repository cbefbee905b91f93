import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { useT } from '~/i18n/use-t';
import { Progress } from '~/ui/base/progress';
import classes from './new-password.module.css';

type Props = PasswordInputProps & { value: string; min: number };

/** A new password: length is what counts, so that is what is shown. The server also refuses common ones. */
export function NewPassword({ value, min, ...props }: Props) {
  const t = useT();
  const length = [...value].length;
  return (
    <div className={classes.field}>
      <PasswordInput
        label={t('password.new')}
        description={t('password.hint', { count: min })}
        autoComplete="new-password"
        size="md"
        visibilityToggleButtonProps={{
          'aria-label': t('password.toggle'),
          tabIndex: 0,
          'aria-hidden': undefined,
        }}
        value={value}
        {...props}
      />
      {length > 0 && (
        <div className={classes.meter}>
          <Progress
            value={Math.min(100, (100 * length) / min)}
            tone={length >= min ? undefined : 'warn'}
            aria-label={t('password.length')}
          />
          <span aria-live="polite">
            {length >= min ? t('password.long_enough') : t('password.missing', { count: min - length })}
          </span>
        </div>
      )}
    </div>
  );
}
