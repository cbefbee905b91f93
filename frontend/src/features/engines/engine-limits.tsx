import { NumberInput, Select, TagsInput } from '@mantine/core';
import type { EngineTypes } from '~/api/admin-types';
import { useT } from '~/i18n/use-t';
import type { EngineInput } from './api';
import classes from './engines.module.css';
import { MEBIBYTE } from './model';

type Props = {
  value: EngineInput;
  errors: Record<string, string>;
  onChange: (change: Partial<EngineInput>) => void;
};

/** Which files an engine is shown, and how long it may take. */
export function EngineLimits({ value, errors, onChange }: Props) {
  const t = useT();
  const types = (change: Partial<EngineTypes>): void => onChange({ types: { ...value.types, ...change } });
  const refusals = (['unscannable', 'skip'] as const).map((word) => ({
    value: word,
    label: t(`admin:engines.refusal.${word}`),
  }));
  const modes = (['all', 'only', 'except'] as const).map((word) => ({
    value: word,
    label: t(`admin:engines.mode.${word}`),
  }));
  return (
    <>
      <div className={classes.pairs}>
        <NumberInput
          label={t('admin:engines.form.largest_file')}
          description={t('admin:engines.form.largest_file_help')}
          suffix=" MiB"
          min={1}
          allowDecimal={false}
          error={errors.largest_file}
          value={Math.max(1, Math.round(value.largest_file / MEBIBYTE))}
          onChange={(next) => typeof next === 'number' && onChange({ largest_file: next * MEBIBYTE })}
        />
        <Select
          label={t('admin:engines.form.oversize')}
          description={t('admin:engines.form.oversize_help')}
          allowDeselect={false}
          data={refusals}
          error={errors.oversize}
          value={value.oversize}
          onChange={(next) => onChange({ oversize: next === 'skip' ? 'skip' : 'unscannable' })}
        />
        <NumberInput
          label={t('admin:engines.form.seconds')}
          description={t('admin:engines.form.seconds_help')}
          min={1}
          max={3600}
          allowDecimal={false}
          error={errors.seconds}
          value={value.seconds}
          onChange={(next) => typeof next === 'number' && onChange({ seconds: next })}
        />
        <NumberInput
          label={t('admin:engines.form.at_once')}
          description={t('admin:engines.form.at_once_help')}
          min={1}
          max={64}
          allowDecimal={false}
          error={errors.at_once}
          value={value.at_once}
          onChange={(next) => typeof next === 'number' && onChange({ at_once: next })}
        />
      </div>
      <div className={classes.pairs}>
        <Select
          label={t('admin:engines.form.types')}
          allowDeselect={false}
          data={modes}
          value={value.types.mode}
          onChange={(next) => types({ mode: modes.find((mode) => mode.value === next)?.value ?? 'all' })}
        />
        {value.types.mode !== 'all' && (
          <Select
            label={t('admin:engines.form.others')}
            allowDeselect={false}
            data={refusals}
            value={value.types.others}
            onChange={(next) => types({ others: next === 'skip' ? 'skip' : 'unscannable' })}
          />
        )}
      </div>
      {value.types.mode !== 'all' && (
        <TagsInput
          label={t('admin:engines.form.endings')}
          description={t('admin:engines.form.endings_help')}
          placeholder="exe"
          acceptValueOnBlur
          error={errors.types}
          value={value.types.endings}
          onChange={(endings) => types({ endings })}
        />
      )}
    </>
  );
}
