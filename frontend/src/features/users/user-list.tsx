import { Group, Menu, Modal, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import {
  type AccountState,
  type AdminUser,
  type AdminUserPatch,
  USER_PERMISSIONS,
  type UserPermission,
} from '~/api/admin-types';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { Badge, type Tone } from '~/ui/badge/badge';
import { Button, IconButton } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { PermissionBoxes } from '~/ui/fields/permission-boxes';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { changeUser, endUserSessions, resetUser, usersKey } from './api';
import { UserRules } from './user-rules';

const TONES: Record<AccountState, Tone> = { invited: 'info', active: 'good', disabled: 'mute' };

function EditUser({ user, onClose }: { user: AdminUser; onClose: () => void }) {
  const t = useT();
  const [name, setName] = useState(user.name);
  const [permissions, setPermissions] = useState<UserPermission[]>(user.permissions);
  const save = useAction<void, AdminUser>({
    run: () => changeUser(user.id, { name: name.trim(), permissions }),
    stale: [usersKey],
    done: t('admin:users.saved'),
    errors: 'inline',
    onDone: onClose,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="md">
        <TextInput
          label={t('admin:users.name')}
          value={name}
          maxLength={200}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PermissionBoxes
          label={t('admin:users.permissions')}
          all={USER_PERMISSIONS}
          text={(permission) => t(`admin:user_permission.${permission}`)}
          value={permissions}
          onChange={setPermissions}
        />
        <ProblemAlert error={save.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t('action.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

type MenuProps = { user: AdminUser; onEdit: () => void; onRules: () => void };

function UserMenu({ user, onEdit, onRules }: MenuProps) {
  const t = useT();
  const stale = [usersKey];
  const change = useAction<AdminUserPatch, AdminUser>({
    run: (input) => changeUser(user.id, input),
    done: t('admin:users.saved'),
    stale,
  });
  const reset = useAction({
    run: () => resetUser(user.id),
    done: t('admin:users.reset_done', { email: user.email }),
    stale,
  });
  const end = useAction({
    run: () => endUserSessions(user.id),
    done: t('admin:users.sessions_ended'),
    stale,
  });
  const disabled = user.state === 'disabled';
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <IconButton aria-label={t('admin:users.menu', { email: user.email })}>
          <Icon name="more" size={20} />
        </IconButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Icon name="draft" size={16} />} onClick={onEdit}>
          {t('admin:users.edit')}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="shieldCheck" size={16} />} onClick={onRules}>
          {t('admin:users.rules')}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="mail" size={16} />} onClick={() => reset.mutate()}>
          {user.state === 'invited' ? t('admin:users.invite_again') : t('admin:users.reset')}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="logout" size={16} />} onClick={() => end.mutate()}>
          {t('admin:users.end_sessions')}
        </Menu.Item>
        <Menu.Item
          leftSection={<Icon name={disabled ? 'check' : 'blocked'} size={16} />}
          onClick={() => change.mutate({ state: disabled ? 'active' : 'disabled' })}
        >
          {disabled ? t('admin:users.enable') : t('admin:users.disable')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function UserList({ users }: { users: readonly AdminUser[] }) {
  const t = useT();
  const [editing, setEditing] = useState<AdminUser | null>(null);
  const [ruled, setRuled] = useState<AdminUser | null>(null);
  return (
    <>
      <Rows label={t('admin:users.title')}>
        {users.map((user) => (
          <Row
            key={user.id}
            title={user.name || user.email}
            badge={<Badge tone={TONES[user.state]}>{t(`admin:users.state.${user.state}`)}</Badge>}
            sub={
              <>
                {user.email}
                {user.groups.length > 0 && <> · {user.groups.map((group) => group.name).join(', ')}</>}
              </>
            }
            meta={
              user.last_login_at ? (
                <>
                  {t('admin:users.last_login')} <Time at={user.last_login_at} />
                </>
              ) : (
                t('admin:users.never')
              )
            }
            actions={<UserMenu user={user} onEdit={() => setEditing(user)} onRules={() => setRuled(user)} />}
          />
        ))}
      </Rows>
      <Modal
        opened={editing !== null}
        onClose={() => setEditing(null)}
        title={editing?.email}
        size="lg"
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        {editing && <EditUser key={editing.id} user={editing} onClose={() => setEditing(null)} />}
      </Modal>
      <Modal
        opened={ruled !== null}
        onClose={() => setRuled(null)}
        title={ruled && t('admin:users.rules_of', { email: ruled.email })}
        size="lg"
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        {ruled && <UserRules key={ruled.id} user={ruled} />}
      </Modal>
    </>
  );
}
