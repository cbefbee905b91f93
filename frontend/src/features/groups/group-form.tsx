import { Group, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { GroupInput, UserGroup } from '~/api/policy-types';
import { useT } from '~/i18n/use-t';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { changeGroup, createGroup, groupsKey, usersKey } from './api';

/** Makes a group, or renames one. */
export function GroupForm({ group, onDone }: { group?: UserGroup; onDone: () => void }) {
  const t = useT();
  const form = useForm({
    initialValues: { name: group?.name ?? '', note: group?.note ?? '' },
    validate: { name: (name) => (name.trim() === '' ? t('field_error.required') : null) },
  });
  const save = useAction<GroupInput, UserGroup>({
    run: (input) => (group ? changeGroup(group, input) : createGroup(input)),
    done: t('admin:groups.saved'),
    stale: [groupsKey, usersKey],
    errors: 'inline',
    onDone,
  });
  const submit = form.onSubmit((input) =>
    save.mutate(input, { onError: (error) => form.setErrors(fieldErrors(t, error)) }),
  );
  return (
    <form noValidate onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label={t('admin:groups.name')}
          autoComplete="off"
          maxLength={100}
          data-autofocus
          {...form.getInputProps('name')}
        />
        <Textarea
          label={t('admin:groups.note')}
          autosize
          minRows={2}
          maxLength={1000}
          {...form.getInputProps('note')}
        />
        <ProblemAlert error={save.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t('action.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
