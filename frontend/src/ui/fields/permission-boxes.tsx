import { Checkbox } from '@mantine/core';
import classes from './permission-boxes.module.css';

type Props<P extends string> = {
  label: string;
  all: readonly P[];
  text: (permission: P) => string;
  /** A form brings it with its input properties. */
  value?: readonly P[];
  onChange: (value: P[]) => void;
};

export function PermissionBoxes<P extends string>({ label, all, text, value, onChange }: Props<P>) {
  return (
    <Checkbox.Group
      label={label}
      value={value ? [...value] : undefined}
      onChange={(next) => onChange(all.filter((one) => next.includes(one)))}
    >
      <div className={classes.boxes}>
        {all.map((permission) => (
          <Checkbox key={permission} value={permission} label={text(permission)} />
        ))}
      </div>
    </Checkbox.Group>
  );
}
