import { Link as RouterLink } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { type ButtonLook, buttonLook } from '~/ui/base/button';

type Props = {
  to: string;
  search?: Record<string, string>;
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

type ButtonProps = ButtonLook & { to: string; children: ReactNode };

export function LinkButton({ to, leftSection, children, ...look }: ButtonProps) {
  return (
    <RouterLink to={to} {...buttonLook(look)}>
      {leftSection}
      {children}
    </RouterLink>
  );
}
