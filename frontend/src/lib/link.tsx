import { Button, type ButtonProps } from '@mantine/core';
import { Link as RouterLink } from '@tanstack/react-router';
import type { ReactNode } from 'react';

type Props = {
  to: string;
  children: ReactNode;
  className?: string;
  onClick?: () => void;
  'aria-label'?: string;
  /** Counts as the current page only at exactly this address, not below it. */
  exact?: boolean;
};

/** A link inside the application; `to` comes from paths. */
export function Link({ to, exact = false, ...rest }: Props) {
  return <RouterLink to={to} activeOptions={{ exact, includeSearch: false }} {...rest} />;
}

export function LinkButton({ to, children, ...rest }: ButtonProps & { to: string; children: ReactNode }) {
  return (
    <Button renderRoot={(props) => <RouterLink to={to} {...props} />} {...rest}>
      {children}
    </Button>
  );
}
