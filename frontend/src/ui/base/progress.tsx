import classes from './progress.module.css';

type Props = {
  /** 0 … 100. */
  value: number;
  'aria-label': string;
  tone?: 'bad' | 'warn';
  /** It goes on, even while the value stands still. */
  busy?: boolean;
};

export function Progress({ value, tone, busy, 'aria-label': label }: Props) {
  const percent = Math.min(100, Math.max(0, value));
  return (
    <div
      className={classes.bar}
      data-tone={tone}
      data-busy={busy || undefined}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(percent)}
    >
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}

/** Where a row will be. */
export function Skeleton() {
  return <div className={classes.skeleton} />;
}
