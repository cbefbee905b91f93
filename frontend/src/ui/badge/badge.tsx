import type { ReactNode } from 'react';
import { Icon, type IconName } from '~/ui/brand/icon';
import classes from './badge.module.css';

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'mute';

/** A state in words; colour and icon only underline it. */
export function Badge({
  tone,
  icon,
  busy,
  children,
}: {
  tone: Tone;
  icon?: IconName;
  busy?: boolean;
  children: ReactNode;
}) {
  return (
    <span className={classes.badge} data-tone={tone}>
      {busy && <span className={classes.dot} aria-hidden="true" />}
      {icon && !busy && <Icon name={icon} size={14} />}
      {children}
    </span>
  );
}
