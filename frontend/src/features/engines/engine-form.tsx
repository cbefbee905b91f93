import { Group, Select, Stack, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { ENGINE_STAGES, type Engine, type EngineKind } from '~/api/admin-types';
import { textOf, useT } from '~/i18n/use-t';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { changeEngine, createEngine, type EngineInput, enginesKey } from './api';
import { EngineFieldInput } from './engine-fields';
import { EngineLimits } from './engine-limits';
import classes from './engines.module.css';
import { formOf, inputOf } from './model';

type Props = {
  kind: EngineKind;
  /** The engine to change; without it a new one is made. */
  engine?: Engine;
  onDone: (engine: Engine) => void;
};

function Head({
  value,
  errors,
  onChange,
}: {
  value: EngineInput;
  errors: Record<string, string>;
  onChange: (change: Partial<EngineInput>) => void;
}) {
  const t = useT();
  const stages = ENGINE_STAGES.map((stage) => ({ value: stage, label: t(`admin:engines.class.${stage}`) }));
  return (
    <>
      <div className={classes.pairs}>
        <TextInput
          label={t('admin:engines.form.name')}
          required
          maxLength={100}
          error={errors.name}
          value={value.name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
        />
        <Select
          label={t('admin:engines.form.stage')}
          description={t('admin:engines.form.stage_help')}
          allowDeselect={false}
          data={stages}
          error={errors.stage}
          value={value.stage}
          onChange={(next) =>
            onChange({ stage: ENGINE_STAGES.find((stage) => stage === next) ?? 'antivirus' })
          }
        />
      </div>
      <Switch
        label={t('admin:engines.form.enabled')}
        description={t('admin:engines.form.enabled_help')}
        checked={value.enabled}
        onChange={(event) => onChange({ enabled: event.currentTarget.checked })}
      />
      <Switch
        label={t('admin:engines.form.mandatory')}
        description={t('admin:engines.form.mandatory_help')}
        error={errors.mandatory}
        checked={value.mandatory}
        onChange={(event) => onChange({ mandatory: event.currentTarget.checked })}
      />
    </>
  );
}

/** Everything about one engine; saving tests it. */
export function EngineForm({ kind, engine, onDone }: Props) {
  const t = useT();
  const [form, setForm] = useState(() => formOf(kind, engine));
  const [errors, setErrors] = useState<Record<string, string>>({});
  const change = (part: Partial<EngineInput>): void => setForm((before) => ({ ...before, ...part }));
  const save = useAction<EngineInput, Engine>({
    run: (input) => (engine ? changeEngine(engine, input) : createEngine(kind.kind, input)),
    stale: [enginesKey],
    errors: 'inline',
    onDone,
  });
  const submit = (): void =>
    save.mutate(inputOf(kind, form), { onError: (error) => setErrors(fieldErrors(t, error)) });
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack gap="md">
        <Head value={form} errors={errors} onChange={change} />
        <fieldset className={classes.part}>
          <legend>{textOf(t, 'admin:engines.kind', kind.kind)}</legend>
          {kind.fields.map((field) => (
            <EngineFieldInput
              key={field.name}
              kind={kind.kind}
              field={field}
              value={form.config[field.name]}
              isSet={engine?.setup?.secrets.includes(field.name) ?? false}
              error={errors[field.name]}
              onChange={(value) => change({ config: { ...form.config, [field.name]: value } })}
            />
          ))}
        </fieldset>
        <fieldset className={classes.part}>
          <legend>{t('admin:engines.limits')}</legend>
          <EngineLimits value={form} errors={errors} onChange={change} />
        </fieldset>
        <ProblemAlert error={save.error} />
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            {t('admin:engines.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
