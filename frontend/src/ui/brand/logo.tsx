import classes from './logo.module.css';

/** The mark: a sealed parcel whose contents have been checked. */
export function LogoMark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className={classes.mark}>
      <rect x="2" y="2" width="28" height="28" rx="8" className={classes.tile} />
      <g className={classes.lines}>
        <path d="M8 11.5h16v9.8a2.2 2.2 0 0 1-2.2 2.2H10.2A2.2 2.2 0 0 1 8 21.3z" />
        <path d="m8 11.5 3-3.5h10l3 3.5" />
        <path d="m12.5 17 2.6 2.6 4.7-4.7" />
      </g>
    </svg>
  );
}

export function Logo({ name = 'SOFiE' }: { name?: string }) {
  return (
    <span className={classes.logo}>
      <LogoMark />
      <span className={classes.word}>{name}</span>
    </span>
  );
}
