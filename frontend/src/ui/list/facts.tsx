import type { ReactNode } from 'react';
import classes from './facts.module.css';

/** Names and values, side by side where there is room. */
export function Facts({ items }: { items: ([string, ReactNode] | null)[] }) {
  return (
    <dl className={classes.facts}>
      {items
        .filter((item) => item !== null)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
