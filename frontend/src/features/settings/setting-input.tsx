import { Group, NumberInput, PasswordInput, Select, Switch, TagsInput, TextInput } from '@mantine/core';
import type { Setting, SettingValue } from '~/api/admin-types';
import { textOf, useT } from '~/i18n/use-t';
import { BYTE_UNITS, joinBytes, splitBytes } from './model';

type Props = {
  setting: Setting;
  value: SettingValue;
  error?: string;
  onChange: (value: SettingValue) => void;
  describedBy: string;
};

function BytesInput({
  value,
  label,
  error,
  onChange,
  describedBy,
}: { value: number; label: string } & Omit<Props, 'setting' | 'value'>) {
  const t = useT();
  const { amount, unit } = splitBytes(value);
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap">
      <NumberInput
        aria-label={label}
        aria-describedby={describedBy}
        value={amount}
        min={0}
        error={error}
        w={150}
        onChange={(next) => typeof next === 'number' && onChange(joinBytes(next, unit))}
      />
      <Select
        aria-label={t('settings:unit_of', { label })}
        data={[...BYTE_UNITS]}
        value={unit}
        w={90}
        onChange={(next) => {
          const chosen = BYTE_UNITS.find((one) => one === next);
          if (chosen) onChange(joinBytes(amount, chosen));
        }}
      />
    </Group>
  );
}

/** One input by the setting's kind; label and help stand beside it. */
export function SettingInput({ setting, value, error, onChange, describedBy }: Props) {
  const t = useT();
  const label = textOf(t, 'settings:label', setting.key);
  const common = { 'aria-label': label, 'aria-describedby': describedBy, error };
  switch (setting.kind) {
    case 'bool':
      return (
        <Switch
          {...common}
          size="md"
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'integer':
      return (
        <NumberInput
          {...common}
          w={180}
          allowDecimal={false}
          thousandSeparator=" "
          min={setting.min ?? undefined}
          max={setting.max ?? undefined}
          value={typeof value === 'number' ? value : ''}
          onChange={(next) => typeof next === 'number' && onChange(next)}
        />
      );
    case 'bytes':
      return (
        <BytesInput
          value={typeof value === 'number' ? value : 0}
          label={label}
          error={error}
          onChange={onChange}
          describedBy={describedBy}
        />
      );
    case 'choice':
      return (
        <Select
          {...common}
          data={(setting.options ?? []).map((option) => ({
            value: option,
            label: textOf(t, 'settings:option', option),
          }))}
          value={typeof value === 'string' ? value : null}
          onChange={onChange}
        />
      );
    case 'secret':
      return (
        <PasswordInput
          {...common}
          autoComplete="new-password"
          placeholder={setting.value === 'set' ? t('settings:secret_set') : t('settings:secret_unset')}
          value={typeof value === 'string' && value !== 'set' ? value : ''}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'list':
      // A comma may be part of a text.
      return (
        <TagsInput
          {...common}
          splitChars={[]}
          value={Array.isArray(value) ? value : []}
          onChange={onChange}
        />
      );
    case 'text':
    case 'cron':
      return (
        <TextInput
          {...common}
          maxLength={setting.max ?? 500}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}
