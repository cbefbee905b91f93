import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId, useState } from 'react';
import { useT } from '~/i18n/use-t';
import { Icon } from '~/ui/brand/icon';
import { IconButton } from './button';
import classes from './field.module.css';

type Props = InputHTMLAttributes<HTMLInputElement> & { label: string; description?: string; end?: ReactNode };

/** One line to type in, for the pages of people without an account: no library is loaded for it. */
export function Field({ label, description, end, className, ...input }: Props) {
  const id = useId();
  return (
    <div className={classes.field}>
      <label htmlFor={id}>{label}</label>
      {description && (
        <p id={`${id}-description`} className={classes.description}>
          {description}
        </p>
      )}
      <div className={classes.box} data-end={end ? true : undefined}>
        <input
          {...input}
          id={id}
          className={[classes.input, className].filter(Boolean).join(' ')}
          aria-describedby={description ? `${id}-description` : undefined}
        />
        {end && <div className={classes.end}>{end}</div>}
      </div>
    </div>
  );
}

type Choice = { value: string; label: string };
type SelectProps = SelectHTMLAttributes<HTMLSelectElement> & { label: string; choices: readonly Choice[] };

/** One of a few, for the same pages. */
export function SelectField({ label, choices, ...select }: SelectProps) {
  const id = useId();
  return (
    <div className={classes.field}>
      <label htmlFor={id}>{label}</label>
      <select {...select} id={id} className={classes.input}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A secret to type in, which may be looked at. */
export function SecretField(props: Omit<Props, 'end' | 'type'>) {
  const t = useT();
  const [shown, setShown] = useState(false);
  return (
    <Field
      {...props}
      type={shown ? 'text' : 'password'}
      end={
        <IconButton aria-label={t('password.toggle')} aria-pressed={shown} onClick={() => setShown(!shown)}>
          <Icon name={shown ? 'eyeOff' : 'eye'} size={18} />
        </IconButton>
      }
    />
  );
}
