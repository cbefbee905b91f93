import { Modal, Select, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Engine, EngineKind } from '~/api/admin-types';
import { textOf, useT } from '~/i18n/use-t';
import { notifyBad, notifyGood } from '~/ui/feedback/notify';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { historyQuery } from './api';
import { EngineForm } from './engine-form';
import classes from './engines.module.css';

type Props = { kinds: readonly EngineKind[]; engine?: Engine; onClose: () => void };

/** Sets up a new engine, or changes one. */
export function EngineDialog({ kinds, engine, onClose }: Props) {
  const t = useT();
  const [name, setName] = useState(engine?.setup?.kind ?? kinds[0]?.kind);
  const kind = kinds.find((one) => one.kind === name);
  const done = (saved: Engine): void => {
    onClose();
    if (saved.available) notifyGood(t('admin:engines.saved'));
    else notifyBad(t('admin:engines.saved_unavailable', { error: saved.last_error ?? '' }));
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={engine ? engine.name : t('admin:engines.new')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack gap="md">
        {!engine && (
          <Select
            label={t('admin:engines.form.kind')}
            allowDeselect={false}
            data={kinds.map((one) => ({ value: one.kind, label: one.title }))}
            value={name}
            onChange={(next) => setName(next ?? undefined)}
          />
        )}
        {kind && (
          <>
            <p className={classes.help}>{textOf(t, 'admin:engines.kind_help', kind.kind)}</p>
            <EngineForm key={kind.kind} kind={kind} engine={engine} onDone={done} />
          </>
        )}
      </Stack>
    </Modal>
  );
}

/** When an engine began and ceased to work. */
export function HistoryDialog({ engine, onClose }: { engine: Engine; onClose: () => void }) {
  const t = useT();
  const { data } = useQuery(historyQuery(engine.id));
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t('admin:engines.history_of', { name: engine.name })}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      {data?.items.length === 0 && <p>{t('admin:engines.history_empty')}</p>}
      <Rows label={t('admin:engines.history')}>
        {data?.items.map((change) => (
          <Row
            key={change.at}
            title={change.available ? t('admin:engines.available') : t('admin:engines.unavailable')}
            sub={change.error ?? [change.version, change.signature_version].filter(Boolean).join(' · ')}
            meta={<Time at={change.at} />}
          />
        ))}
      </Rows>
    </Modal>
  );
}
