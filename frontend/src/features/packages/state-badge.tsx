import type { PackageFile, PackageState, PackageType } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { Badge } from '~/ui/badge/badge';
import type { IconName } from '~/ui/brand/icon';
import { FILE_TONES, type FileWord, fileWord, isMoving, STATE_TONES } from './model';

const STATE_ICONS: Partial<Record<PackageState, IconName>> = {
  delivered: 'shieldCheck',
  partly_delivered: 'alert',
  withheld: 'blocked',
  awaiting_decision: 'clock',
  expired: 'clock',
  deleted: 'trash',
  draft: 'draft',
};

export function StateBadge({ state }: { state: PackageState }) {
  const t = useT();
  return (
    <Badge tone={STATE_TONES[state]} icon={STATE_ICONS[state]} busy={isMoving(state)}>
      {t(`packages:state.${state}`)}
    </Badge>
  );
}

const FILE_ICONS: Partial<Record<FileWord, IconName>> = {
  clean: 'shieldCheck',
  flagged: 'alert',
  released: 'alert',
  blocked: 'blocked',
  unscannable: 'blocked',
};

export function FileBadge({ file }: { file: PackageFile }) {
  const t = useT();
  const word = fileWord(file);
  return (
    <Badge tone={FILE_TONES[word]} icon={FILE_ICONS[word]} busy={word === 'arriving' || word === 'pending'}>
      {t(`packages:file_state.${word}`)}
    </Badge>
  );
}

export function TypeBadge({ type }: { type: PackageType }) {
  const t = useT();
  return <Badge tone="mute">{t(`packages:type.${type}`)}</Badge>;
}
