import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Setting, SettingValue } from '~/api/admin-types';
import type { Items } from '~/api/types';
import { type T, textOf, useLocale, useT } from '~/i18n/use-t';
import { formatNumber } from '~/lib/format';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Badge } from '~/ui/badge/badge';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { changeSettings, settingsKey } from './api';
import { bytesText, changesOf, type Edits, groupsOf, isDefault } from './model';
import { SaveBar } from './save-bar';
import { SettingInput } from './setting-input';
import classes from './settings.module.css';

function valueText(t: T, locale: string, setting: Setting, value: SettingValue): string {
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0))
    return t('settings:empty');
  if (typeof value === 'boolean') return value ? t('settings:yes') : t('settings:no');
  if (typeof value === 'number')
    return setting.kind === 'bytes' ? bytesText(value, locale) : formatNumber(value, locale);
  if (Array.isArray(value)) return value.join(', ');
  return setting.kind === 'choice' ? textOf(t, 'settings:option', value) : value;
}

type RowProps = {
  setting: Setting;
  value: SettingValue;
  error?: string;
  onChange: (value: SettingValue) => void;
};

function SettingRow({ setting, value, error, onChange }: RowProps) {
  const t = useT();
  const locale = useLocale();
  const helpId = `help-${setting.key}`;
  const show = (one: SettingValue) => valueText(t, locale, setting, one);
  const help = textOf(t, 'settings:help', setting.key);
  const facts = [
    setting.kind === 'secret' ? null : t('settings:default', { value: show(setting.default) }),
    (setting.kind === 'integer' || setting.kind === 'bytes') && setting.min !== null && setting.max !== null
      ? t('settings:range', { min: show(setting.min), max: show(setting.max) })
      : null,
  ].filter(Boolean);
  return (
    <div className={classes.row}>
      <div>
        <div className={classes.label}>
          {textOf(t, 'settings:label', setting.key)}
          {!isDefault(setting, value) && setting.kind !== 'secret' && (
            <Badge tone="info">{t('settings:changed')}</Badge>
          )}
        </div>
        <div id={helpId} className={classes.help}>
          {help !== setting.key && <div>{help}</div>}
          <div className={classes.facts}>{facts.join(' · ')}</div>
        </div>
      </div>
      <div className={classes.input}>
        <SettingInput
          setting={setting}
          value={value}
          error={error}
          onChange={onChange}
          describedBy={helpId}
        />
        {!isDefault(setting, value) && setting.kind !== 'secret' && (
          <Button variant="subtle" size="compact-sm" onClick={() => onChange(setting.default)}>
            {t('settings:reset')}
          </Button>
        )}
      </div>
    </div>
  );
}

type Props = { settings: readonly Setting[]; onSaved?: () => void };

/** Typed settings in groups; nothing is saved before the button at the end is pressed. */
export function SettingsForm({ settings, onSaved }: Props) {
  const t = useT();
  const queryClient = useQueryClient();
  const [edits, setEdits] = useState<Edits>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const changes = changesOf(settings, edits);
  const count = Object.keys(changes).length;
  const save = useAction<void, Items<Setting>>({
    run: () => changeSettings(changes),
    done: t('settings:saved'),
    errors: 'inline',
    onDone: (next) => {
      queryClient.setQueryData(settingsKey, next);
      void queryClient.invalidateQueries({ queryKey: ['admin', 'dashboard'] });
      setEdits({});
      setErrors({});
      onSaved?.();
    },
  });
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(undefined, { onError: (error) => setErrors(fieldErrors(t, error)) });
      }}
    >
      {groupsOf(settings).map(([group, members]) => (
        <Card key={group} title={textOf(t, 'settings:group', group)} flush>
          {members.map((setting) => (
            <SettingRow
              key={setting.key}
              setting={setting}
              value={setting.key in edits ? (edits[setting.key] ?? null) : setting.value}
              error={errors[setting.key]}
              onChange={(value) => setEdits({ ...edits, [setting.key]: value })}
            />
          ))}
        </Card>
      ))}
      <ProblemAlert error={save.error} />
      <SaveBar
        text={t('settings:unsaved', { count })}
        shown={count > 0}
        saving={save.isPending}
        onDiscard={() => setEdits({})}
      />
    </form>
  );
}
