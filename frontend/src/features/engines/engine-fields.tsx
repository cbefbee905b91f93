import { PasswordInput, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import type { EngineField, EngineValue } from '~/api/admin-types';
import { textOf, useT } from '~/i18n/use-t';

type Props = {
  kind: string;
  field: EngineField;
  value: EngineValue | null | undefined;
  /** Of a secret: there is one. */
  isSet: boolean;
  error?: string;
  onChange: (value: EngineValue) => void;
};

/** One input by what the field holds; label and help go by its name. */
export function EngineFieldInput({ kind, field, value, isSet, error, onChange }: Props) {
  const t = useT();
  const [own, shared] = [`${kind}.${field.name}`, `any.${field.name}`];
  const first = (texts: string[]): string | undefined =>
    texts.find((text) => text !== own && text !== shared);
  const common = {
    label: first([textOf(t, 'admin:engines.label', own), textOf(t, 'admin:engines.label', shared)]),
    description: first([textOf(t, 'admin:engines.help', own), textOf(t, 'admin:engines.help', shared)]),
    required: field.required,
    error,
  };
  const line = typeof value === 'string' ? value : '';
  switch (field.holds) {
    case 'flag':
      return (
        <Switch
          {...common}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'list':
      return (
        <TagsInput
          {...common}
          placeholder={field.example ?? undefined}
          value={Array.isArray(value) ? value : []}
          acceptValueOnBlur
          onChange={onChange}
        />
      );
    case 'choice':
      return (
        <Select
          {...common}
          allowDeselect={false}
          data={(field.words ?? []).map((word) => ({
            value: word,
            label: textOf(t, 'admin:engines.word', `${field.name}.${word}`),
          }))}
          value={line}
          onChange={(next) => next !== null && onChange(next)}
        />
      );
    case 'secret':
      return (
        <PasswordInput
          {...common}
          autoComplete="new-password"
          placeholder={isSet ? t('admin:engines.secret_set') : undefined}
          value={line}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'long_text':
    case 'long_secret':
      return (
        <Textarea
          {...common}
          autoComplete="off"
          spellCheck={false}
          placeholder={field.holds === 'long_secret' && isSet ? t('admin:engines.secret_set') : undefined}
          autosize
          minRows={2}
          maxRows={8}
          value={line}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'text':
      return (
        <TextInput
          {...common}
          maxLength={500}
          value={line}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}
