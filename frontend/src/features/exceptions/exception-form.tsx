import { Group, NumberInput, SegmentedControl, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { Exception, ExceptionInput } from '~/api/admin-types';
import type { UserGroup } from '~/api/policy-types';
import { useT } from '~/i18n/use-t';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { exceptionsKey, proposeException } from './api';

const DAY = 86_400_000;

/** Where a proposal begins: from a file or a finding in quarantine, or from nothing. */
export type Beginning = { sha256?: string; engine?: string; finding?: string };

type Props = { beginning: Beginning; groups: readonly UserGroup[]; onDone: () => void };

/** Proposes an exception; another administrator has to approve it. */
export function ExceptionForm({ beginning, groups, onDone }: Props) {
  const t = useT();
  const form = useForm({
    initialValues: {
      about: beginning.engine ? 'finding' : 'content',
      sha256: beginning.sha256 ?? '',
      engine: beginning.engine ?? '',
      finding: beginning.finding ?? '',
      sender: '',
      group: null as string | null,
      reason: '',
      days: 30,
    },
    validate: {
      sha256: (text, { about }) =>
        about === 'finding' || /^[0-9a-fA-F]{64}$/.test(text.trim()) ? null : t('field_error.invalid'),
      engine: (text, { about }) => (about === 'content' || text.trim() ? null : t('field_error.required')),
      finding: (text, { about }) => (about === 'content' || text.trim() ? null : t('field_error.required')),
      reason: (text) => (text.trim() ? null : t('field_error.required')),
    },
  });
  const propose = useAction<ExceptionInput, Exception>({
    run: proposeException,
    stale: [exceptionsKey],
    done: t('admin:exceptions.proposed_done'),
    errors: 'inline',
    onDone,
  });
  const submit = form.onSubmit(({ about, sha256, engine, finding, group, reason, days, ...from }) => {
    const sender = group ? `group:${group}` : from.sender.trim();
    const what = about === 'content' ? { sha256: sha256.trim() } : { engine: engine.trim(), finding };
    const expires_at = new Date(Date.now() + days * DAY).toISOString();
    const input = { ...what, sender, reason: reason.trim(), expires_at };
    propose.mutate(input, { onError: (error) => form.setErrors(fieldErrors(t, error)) });
  });
  return (
    <form noValidate onSubmit={submit}>
      <Stack gap="md">
        <SegmentedControl
          aria-label={t('admin:exceptions.about')}
          data={['content', 'finding'].map((value) => ({
            value,
            label: t(`admin:exceptions.about_${value as 'content' | 'finding'}`),
          }))}
          {...form.getInputProps('about')}
        />
        {form.values.about === 'content' ? (
          <TextInput
            label={t('admin:exceptions.sha256')}
            description={t('admin:exceptions.sha256_hint')}
            spellCheck={false}
            autoComplete="off"
            data-autofocus
            {...form.getInputProps('sha256')}
          />
        ) : (
          <>
            <TextInput
              label={t('admin:exceptions.engine')}
              spellCheck={false}
              autoComplete="off"
              {...form.getInputProps('engine')}
            />
            <TextInput
              label={t('admin:exceptions.finding')}
              description={t('admin:exceptions.finding_hint')}
              spellCheck={false}
              autoComplete="off"
              {...form.getInputProps('finding')}
            />
          </>
        )}
        <TextInput
          label={t('admin:exceptions.sender')}
          description={t('admin:exceptions.sender_hint')}
          autoComplete="off"
          disabled={form.values.group !== null}
          {...form.getInputProps('sender')}
        />
        {groups.length > 0 && (
          <Select
            label={t('admin:exceptions.group')}
            placeholder={t('admin:exceptions.any_group')}
            clearable
            clearButtonProps={{ 'aria-label': t('action.clear') }}
            data={groups.map(({ id, name }) => ({ value: id, label: name }))}
            {...form.getInputProps('group')}
          />
        )}
        <Textarea
          label={t('admin:decision.reason')}
          description={t('admin:decision.reason_hint')}
          required
          autosize
          minRows={3}
          {...form.getInputProps('reason')}
        />
        <NumberInput
          label={t('admin:exceptions.days')}
          min={1}
          max={365}
          clampBehavior="strict"
          {...form.getInputProps('days')}
        />
        <ProblemAlert error={propose.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" loading={propose.isPending}>
            {t('admin:exceptions.propose')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
