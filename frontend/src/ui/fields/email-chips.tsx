import { Pill, PillsInput } from '@mantine/core';
import { type ClipboardEvent, type KeyboardEvent, useState } from 'react';
import { useT } from '~/i18n/use-t';
import { isEmail, splitAddresses } from '~/lib/email';
import classes from './email-chips.module.css';

type Props = {
  label: string;
  description?: string;
  value: string[];
  onChange: (value: string[]) => void;
  error?: string;
  required?: boolean;
  max?: number;
  autoFocus?: boolean;
};

/** Addresses as chips: typed, or pasted as a whole list. A doubtful one is marked, not swallowed. */
export function EmailChips({ label, description, value, onChange, error, required, max, autoFocus }: Props) {
  const t = useT();
  const [text, setText] = useState('');
  const bad = value.filter((address) => !isEmail(address));

  const add = (input: string): void => {
    const known = new Set(value.map((address) => address.toLowerCase()));
    const fresh = splitAddresses(input).filter((address) => !known.has(address.toLowerCase()));
    if (fresh.length > 0) onChange([...value, ...fresh]);
    setText('');
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    const separator = [',', ';', 'Enter'].includes(event.key) || (event.key === ' ' && isEmail(text.trim()));
    if (separator && text.trim() !== '') {
      event.preventDefault();
      add(text);
    } else if (event.key === 'Backspace' && text === '' && value.length > 0) {
      onChange(value.slice(0, -1));
    }
  };
  const onPaste = (event: ClipboardEvent<HTMLInputElement>): void => {
    const pasted = event.clipboardData.getData('text');
    if (!/[,;\n\r\t<@]/.test(pasted)) return;
    event.preventDefault();
    add(text + pasted);
  };
  const problem =
    (bad.length > 0 ? t('chips.bad', { count: bad.length, address: bad[0] }) : undefined) ??
    (max !== undefined && value.length > max ? t('chips.too_many', { count: max }) : undefined) ??
    error;

  return (
    <PillsInput label={label} description={description} error={problem} required={required} size="md">
      <Pill.Group>
        {value.map((address) => (
          <Pill
            key={address}
            withRemoveButton
            onRemove={() => onChange(value.filter((other) => other !== address))}
            removeButtonProps={{
              'aria-label': t('chips.remove', { address }),
              tabIndex: 0,
              'aria-hidden': undefined,
            }}
            className={isEmail(address) ? classes.chip : classes.bad}
          >
            {address}
          </Pill>
        ))}
        <PillsInput.Field
          value={text}
          inputMode="email"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus={autoFocus}
          aria-label={label}
          placeholder={value.length === 0 ? t('chips.placeholder') : undefined}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          onBlur={() => add(text)}
        />
      </Pill.Group>
    </PillsInput>
  );
}
