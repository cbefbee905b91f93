import { Group, Stack, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { ListedHash } from '~/api/admin-types';
import { isProblem } from '~/api/problem';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Button } from '~/ui/base/button';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { addHashes, hashesKey, removeHash } from './api';
import classes from './exceptions.module.css';

function HashRow({ value }: { value: ListedHash }) {
  const t = useT();
  const remove = useAction({
    run: () => removeHash(value.sha256),
    done: t('admin:hashes.removed'),
    stale: [hashesKey],
    errors: 'inline',
  });
  return (
    <Row
      title={<code className={classes.hash}>{value.sha256}</code>}
      sub={value.comment}
      meta={
        <>
          {value.added_by} · <Time at={value.added_at} />
        </>
      }
      actions={
        <ConfirmButton
          label={t('admin:hashes.remove')}
          title={t('admin:hashes.remove_title')}
          text={t('admin:hashes.remove_text')}
          confirm={t('admin:hashes.remove')}
          danger
          variant="default"
          size="xs"
          onConfirm={() => remove.mutateAsync()}
        />
      }
    />
  );
}

export function HashList({ hashes }: { hashes: readonly ListedHash[] }) {
  const t = useT();
  return (
    <Rows label={t('admin:hashes.title')}>
      {hashes.map((value) => (
        <HashRow key={value.sha256} value={value} />
      ))}
    </Rows>
  );
}

/** Takes many hashes at once; a line that is none is named by its number. */
export function HashForm({ onDone }: { onDone: () => void }) {
  const t = useT();
  const [text, setText] = useState('');
  const add = useAction<string, { added: number }>({
    run: addHashes,
    done: t('admin:hashes.added'),
    stale: [hashesKey],
    errors: 'inline',
    onDone,
  });
  const line = isProblem(add.error, 'invalid') ? add.error.problem.errors?.[0]?.line : undefined;
  return (
    <Stack gap="md">
      <Textarea
        label={t('admin:hashes.lines')}
        description={t('admin:hashes.lines_hint')}
        autosize
        minRows={6}
        maxRows={16}
        spellCheck={false}
        data-autofocus
        value={text}
        error={line !== undefined && t('admin:hashes.wrong_line', { line })}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {line === undefined && <ProblemAlert error={add.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          {t('action.cancel')}
        </Button>
        <Button loading={add.isPending} disabled={text.trim() === ''} onClick={() => add.mutate(text)}>
          {t('admin:hashes.add')}
        </Button>
      </Group>
    </Stack>
  );
}
