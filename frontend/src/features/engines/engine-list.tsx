import { useQueryClient } from '@tanstack/react-query';
import { type DragEvent, useState } from 'react';
import type { Engine } from '~/api/admin-types';
import type { Items } from '~/api/types';
import { textOf, useLocale, useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Badge } from '~/ui/badge/badge';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { Notice } from '~/ui/feedback/feedback';
import { Time } from '~/ui/fields/time';
import { Handle } from '~/ui/list/handle';
import { Row, Rows } from '~/ui/list/rows';
import { enginesKey, removeEngine, selfTest } from './api';
import { HistoryDialog } from './engine-dialogs';
import classes from './engines.module.css';
import { mebibytes } from './model';
import { useOrder } from './use-order';

function Status({ engine }: { engine: Engine }) {
  const t = useT();
  return (
    <>
      {!engine.enabled && <Badge tone="mute">{t('admin:engines.disabled')}</Badge>}
      {engine.available === null ? (
        <Badge tone="info">{t('admin:engines.unknown')}</Badge>
      ) : engine.available ? (
        <Badge tone="good" icon="check">
          {t('admin:engines.available')}
        </Badge>
      ) : (
        <Badge tone="bad" icon="alert">
          {t('admin:engines.unavailable')}
        </Badge>
      )}
      {engine.mandatory && <Badge tone="mute">{t('admin:engines.mandatory')}</Badge>}
    </>
  );
}

function Facts({ engine }: { engine: Engine }) {
  const t = useT();
  const locale = useLocale();
  const facts = [
    t(`admin:engines.class.${engine.class}`),
    engine.version,
    engine.setup && t('admin:engines.up_to', { size: mebibytes(engine.setup.largest_file, locale) }),
    engine.busy + engine.waiting > 0 &&
      t('admin:engines.queue', { busy: engine.busy, waiting: engine.waiting }),
    engine.signature_version && t('admin:engines.signatures', { version: engine.signature_version }),
  ];
  return (
    <>
      {facts.filter(Boolean).join(' · ')} {engine.signature_at && <Time at={engine.signature_at} />}
      {engine.checked_at && (
        <>
          {' · '}
          {t('admin:engines.checked')} <Time at={engine.checked_at} />
        </>
      )}
    </>
  );
}

function Probes({ engine }: { engine: Engine }) {
  const t = useT();
  const count = engine.self_test.length;
  if (count === 0) return null;
  const list = (
    <ul className={classes.probes} aria-label={t('admin:engines.probes')}>
      {engine.self_test.map(({ probe, passed, detail }) => (
        <li key={probe} data-passed={passed}>
          <Icon name={passed ? 'check' : 'close'} size={16} />
          <span>
            {textOf(t, 'admin:engines.probe', probe)}:{' '}
            {passed ? t('admin:engines.passed') : t('admin:engines.failed')}
            {detail && ` (${detail})`}
          </span>
        </li>
      ))}
    </ul>
  );
  // Only what failed needs to be read.
  if (engine.self_test.some(({ passed }) => !passed)) return list;
  return (
    <details className={classes.passed}>
      <summary>{t('admin:engines.all_passed', { count })}</summary>
      {list}
    </details>
  );
}

function Actions({ engine, onEdit }: { engine: Engine; onEdit?: (engine: Engine) => void }) {
  const t = useT();
  const queryClient = useQueryClient();
  const [history, setHistory] = useState(false);
  const test = useAction<void, Engine>({
    run: () => selfTest(engine.id),
    onDone: (next) =>
      queryClient.setQueryData<Items<Engine>>(enginesKey, (old) =>
        old ? { items: old.items.map((one) => (one.id === next.id ? next : one)) } : old,
      ),
  });
  const remove = async (): Promise<void> => {
    await removeEngine(engine);
    await queryClient.invalidateQueries({ queryKey: enginesKey });
  };
  return (
    <>
      <Button variant="default" size="xs" loading={test.isPending} onClick={() => test.mutate()}>
        {t('admin:engines.test')}
      </Button>
      <Button variant="default" size="xs" onClick={() => setHistory(true)}>
        {t('admin:engines.history')}
      </Button>
      {engine.setup && onEdit && (
        <>
          <Button variant="default" size="xs" onClick={() => onEdit(engine)}>
            {t('admin:engines.edit')}
          </Button>
          <ConfirmButton
            variant="default"
            size="xs"
            label={t('admin:engines.remove')}
            title={t('admin:engines.remove_title', { name: engine.name })}
            text={t('admin:engines.remove_text')}
            confirm={t('admin:engines.remove')}
            danger
            onConfirm={remove}
          />
        </>
      )}
      {history && <HistoryDialog engine={engine} onClose={() => setHistory(false)} />}
    </>
  );
}

type Order = ReturnType<typeof useOrder>;

function Place({ engine, order }: { engine: Engine; order: Order }) {
  const t = useT();
  const name = engine.name;
  return (
    <Handle
      label={t('admin:engines.place', { name })}
      up={t('admin:engines.up', { name })}
      down={t('admin:engines.down', { name })}
      place={order.place(engine.id)}
      canMove={(by) => order.canMove(engine.id, by)}
      move={(by) => order.move(engine.id, by)}
      onDragStart={(event) => order.drag(event, engine.id)}
    />
  );
}

type ListProps = { engines: readonly Engine[]; onEdit?: (engine: Engine) => void };

/** All engines, with the plain word about what is missing. */
export function EngineList({ engines, onEdit }: ListProps) {
  const t = useT();
  const order = useOrder(engines);
  const dropOn = (engine: Engine) => (event: DragEvent) => {
    event.preventDefault();
    if (engine.setup) order.drop(event, engine.id);
  };
  return (
    <Rows label={t('admin:engines.title')}>
      {engines.map((engine) => (
        <Row
          key={engine.id}
          title={engine.setup ? engine.name : textOf(t, 'packages:engine', engine.id)}
          badge={<Status engine={engine} />}
          sub={<Facts engine={engine} />}
          actions={<Actions engine={engine} onEdit={onEdit} />}
          lead={engine.setup && <Place engine={engine} order={order} />}
          onDragOver={engine.setup ? (event) => event.preventDefault() : undefined}
          onDrop={dropOn(engine)}
        >
          {engine.last_error && <p className={classes.error}>{engine.last_error}</p>}
          <Probes engine={engine} />
        </Row>
      ))}
    </Rows>
  );
}

export function AntivirusNote({ engines }: { engines: readonly Engine[] }) {
  const t = useT();
  const present = engines.some((engine) => engine.class === 'antivirus' && engine.enabled);
  if (present) return null;
  return (
    <Notice tone="warn" title={t('admin:engines.no_antivirus')}>
      {t('admin:engines.no_antivirus_text')}
    </Notice>
  );
}
