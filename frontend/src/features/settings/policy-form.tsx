import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Setting, SettingValue } from '~/api/admin-types';
import type { Items } from '~/api/types';
import { textOf, useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { changeSettings, settingsKey } from './api';
import { changesOf, type Edits } from './model';
import classes from './policy.module.css';
import { PolicyTrial } from './policy-trial';
import { RuleChoices, RuleHead } from './rule-choices';
import { type Rule, rulesOf, wordOf } from './rules';
import { SaveBar } from './save-bar';

type RowProps = { rule: Rule; edits: Edits; onChange: (key: string, value: SettingValue) => void };

function RuleRow({ rule, edits, onChange }: RowProps) {
  const t = useT();
  const action = (word: string) => textOf(t, 'settings:option', word);
  const same = t('admin:policy.as_outgoing', { action: action(wordOf(rule.outgoing, edits)) });
  return (
    <RuleChoices
      rule={rule}
      words={(setting) =>
        (setting.options ?? []).map((word) => ({
          value: word,
          label: word === 'same' ? same : action(word),
        }))
      }
      word={(setting) => wordOf(setting, edits)}
      onChange={onChange}
    />
  );
}

/** What happens for each kind of finding; it can be tried on the past before it is saved. */
export function PolicyForm({ settings }: { settings: readonly Setting[] }) {
  const t = useT();
  const queryClient = useQueryClient();
  const [edits, setEdits] = useState<Edits>({});
  const changes = changesOf(settings, edits);
  const save = useAction<void, Items<Setting>>({
    run: () => changeSettings(changes),
    done: t('admin:policy.saved'),
    errors: 'inline',
    onDone: (next) => {
      queryClient.setQueryData(settingsKey, next);
      setEdits({});
    },
  });
  const count = Object.keys(changes).length;
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Card flush>
        <RuleHead />
        {rulesOf(settings).map((rule) => (
          <RuleRow
            key={rule.name}
            rule={rule}
            edits={edits}
            onChange={(key, value) => setEdits({ ...edits, [key]: value })}
          />
        ))}
      </Card>
      <PolicyTrial values={changes} />
      <ProblemAlert error={save.error} />
      <SaveBar
        text={t('admin:policy.unsaved', { count })}
        shown={count > 0}
        saving={save.isPending}
        onDiscard={() => setEdits({})}
      />
    </form>
  );
}
