import { Drawer } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useT } from '~/i18n/use-t';
import { Link } from '~/lib/link';
import { IconButton } from '~/ui/base/button';
import { Icon, type IconName } from '~/ui/brand/icon';
import { Logo } from '~/ui/brand/logo';
import { Preferences } from '~/ui/fields/preferences';
import classes from './app-shell.module.css';
import { SkipLink } from './skip-link';

export type NavItem = {
  to: string;
  label: string;
  icon: IconName;
  count?: number;
  strong?: boolean;
  exact?: boolean;
};
type Props = {
  name: string;
  area?: string;
  home: string;
  items: NavItem[];
  who: string;
  onLogout: () => void;
  /** What stands above every page; nothing takes no room. */
  banner?: ReactNode;
  children: ReactNode;
  dock?: ReactNode;
};

function Nav({ items, onNavigate }: { items: NavItem[]; onNavigate?: () => void }) {
  const t = useT();
  return (
    <nav aria-label={t('a11y.main_nav')}>
      <ul className={classes.list}>
        {items.map((item) => (
          <li key={item.to}>
            <Link
              to={item.to}
              exact={item.exact}
              className={item.strong ? classes.strong : classes.link}
              onClick={onNavigate}
            >
              <Icon name={item.icon} size={20} />
              <span className={classes.label}>{item.label}</span>
              {item.count ? <span className={classes.count}>{item.count}</span> : null}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Who({ who, onLogout }: Pick<Props, 'who' | 'onLogout'>) {
  const t = useT();
  return (
    <div className={classes.who}>
      <span className={classes.whoName} title={who}>
        {who}
      </span>
      <IconButton aria-label={t('action.logout')} title={t('action.logout')} onClick={onLogout}>
        <Icon name="logout" size={20} />
      </IconButton>
    </div>
  );
}

/** The frame of the user's and the administrator's application: menu at the left, on phones behind a button. */
export function AppShell({ name, area, home, items, who, onLogout, banner, children, dock }: Props) {
  const t = useT();
  const [opened, menu] = useDisclosure(false);
  const brand = (
    <Link to={home} className={classes.brand}>
      <Logo name={name} />
      {area && <span className={classes.area}>{area}</span>}
    </Link>
  );
  return (
    <div className={classes.shell}>
      <SkipLink />
      <header className={classes.bar}>
        <IconButton aria-label={t('a11y.open_menu')} aria-expanded={opened} onClick={menu.open}>
          <Icon name="menu" size={22} />
        </IconButton>
        {brand}
        <Preferences />
      </header>
      <aside className={classes.side}>
        <div className={classes.sideTop}>
          {brand}
          <Preferences />
        </div>
        <Nav items={items} />
        <Who who={who} onLogout={onLogout} />
      </aside>
      <Drawer
        opened={opened}
        onClose={menu.close}
        size={280}
        title={<Logo name={name} />}
        closeButtonProps={{ 'aria-label': t('a11y.close_menu') }}
        classNames={{ body: classes.drawer }}
      >
        <Nav items={items} onNavigate={menu.close} />
        <Who who={who} onLogout={onLogout} />
      </Drawer>
      <main id="content" className={classes.main}>
        {banner && <div className={classes.banner}>{banner}</div>}
        {children}
      </main>
      {dock}
    </div>
  );
}
