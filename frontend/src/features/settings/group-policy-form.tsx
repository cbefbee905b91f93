import { useState } from 'react';
import type { Setting } from '~/api/admin-types';
import type { UserGroup } from '~/api/policy-types';
import { textOf, useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { changeGroupRules } from './api';
import classes from './policy.module.css';
import { PolicyTrial } from './policy-trial';
import { RuleChoices, RuleHead } from './rule-choices';
import { INHERITED, type OwnRules, ownWordOf, type Rule, ruleChanges, rulesOf } from './rules';
import { SaveBar } from './save-bar';

type RowProps = {
  rule: Rule;
  own: OwnRules;
  edits: OwnRules;
  onChange: (key: string, word: string) => void;
};

function GroupRule({ rule, own, edits, onChange }: RowProps) {
  const t = useT();
  const action = (word: string) => textOf(t, 'settings:option', word);
  const word = (setting: Setting) => ownWordOf(setting, own, edits);
  const outgoing = word(rule.outgoing);
  const out = action(outgoing === INHERITED ? String(rule.outgoing.value) : outgoing);
  const inherited = ({ value }: Setting) => (value === 'same' ? out : action(String(value)));
  const text = (one: string) =>
    one === 'same' ? t('admin:policy.as_outgoing', { action: out }) : action(one);
  return (
    <RuleChoices
      rule={rule}
      words={(setting) => [
        { value: INHERITED, label: t('admin:policy.inherited', { action: inherited(setting) }) },
        ...(setting.options ?? []).map((one) => ({ value: one, label: text(one) })),
      ]}
      word={word}
      onChange={onChange}
    />
  );
}

type Props = { settings: readonly Setting[]; group: UserGroup; onSaved: () => Promise<unknown> };

/** The rules that a group has of its own; the rest is the installation's, and shown as such. */
export function GroupPolicyForm({ settings, group, onSaved }: Props) {
  const t = useT();
  const [edits, setEdits] = useState<OwnRules>({});
  const changes = ruleChanges(group.rules, edits);
  const save = useAction<void, UserGroup>({
    run: async () => {
      const saved = await changeGroupRules(group, changes);
      await onSaved();
      return saved;
    },
    done: t('admin:policy.saved'),
    errors: 'inline',
    onDone: () => setEdits({}),
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
          <GroupRule
            key={rule.name}
            rule={rule}
            own={group.rules}
            edits={edits}
            onChange={(key, word) => setEdits({ ...edits, [key]: word })}
          />
        ))}
      </Card>
      <PolicyTrial values={changes} groupId={group.id} />
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
