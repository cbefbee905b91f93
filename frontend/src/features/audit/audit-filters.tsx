import { Select, TextInput } from '@mantine/core';
import { useT } from '~/i18n/use-t';
import { SearchBox } from '~/ui/list/search-box';
import type { AuditFilter } from './api';
import classes from './audit.module.css';
import { useEventOptions } from './use-event-options';

type Props = { filter: AuditFilter; onChange: (name: keyof AuditFilter, value: string) => void };

export function AuditFilters({ filter, onChange }: Props) {
  const t = useT();
  const events = useEventOptions();
  return (
    <div className={classes.filters}>
      <SearchBox value={filter.q} onSearch={(q) => onChange('q', q)} label={t('admin:audit.search')} />
      <Select
        aria-label={t('admin:audit.event')}
        placeholder={t('admin:audit.all_events')}
        data={events}
        value={filter.event || null}
        searchable
        clearable
        allowDeselect
        clearButtonProps={{ 'aria-label': t('action.clear') }}
        onChange={(value) => onChange('event', value ?? '')}
      />
      <TextInput
        type="date"
        label={t('admin:audit.from')}
        value={filter.from}
        max={filter.to || undefined}
        onChange={(event) => onChange('from', event.currentTarget.value)}
      />
      <TextInput
        type="date"
        label={t('admin:audit.to')}
        value={filter.to}
        min={filter.from || undefined}
        onChange={(event) => onChange('to', event.currentTarget.value)}
      />
    </div>
  );
}
