import type { PackageSummary } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { Link } from '~/lib/link';
import { Icon } from '~/ui/brand/icon';
import { Size } from '~/ui/fields/size';
import { Time } from '~/ui/fields/time';
import classes from './package-list.module.css';
import { StateBadge } from './state-badge';

type Props = {
  packages: readonly PackageSummary[];
  /** Whom the row names: the sender in the inbox, the recipients elsewhere; administrators see both. */
  show: 'sender' | 'recipients' | 'both';
  href: (id: string) => string;
  label: string;
};

export function peopleOf(emails: string[], more: (count: number) => string): string {
  if (emails.length <= 2) return emails.join(', ');
  return `${emails.slice(0, 2).join(', ')} ${more(emails.length - 2)}`;
}

function Row({ value, show, href }: { value: PackageSummary } & Pick<Props, 'show' | 'href'>) {
  const t = useT();
  const sender = value.sender.name ?? value.sender.email;
  const recipients =
    value.recipients.length === 0
      ? t(`packages:to_nobody.${value.type}`)
      : peopleOf(
          value.recipients.map((one) => one.email),
          (count) => t('packages:and_more', { count }),
        );
  const who = show === 'sender' ? sender : show === 'recipients' ? recipients : `${sender} → ${recipients}`;
  return (
    <li className={classes.row}>
      <div className={classes.main}>
        <Link to={href(value.id)} className={classes.title}>
          {value.title || t('packages:untitled')}
        </Link>
        <span className={classes.who}>{who}</span>
      </div>
      <div className={classes.facts}>
        {value.has_password && (
          <span title={t('packages:has_password')}>
            <Icon name="lock" size={15} />
          </span>
        )}
        <span>{t('packages:file_count', { count: value.file_count })}</span>
        <Size bytes={value.total_size} />
      </div>
      <div className={classes.state}>
        <StateBadge state={value.state} />
      </div>
      <div className={classes.when}>
        <Time at={value.submitted_at ?? value.created_at} />
      </div>
    </li>
  );
}

export function PackageList({ packages, show, href, label }: Props) {
  return (
    <ul className={classes.list} aria-label={label}>
      {packages.map((value) => (
        <Row key={value.id} value={value} show={show} href={href} />
      ))}
    </ul>
  );
}
