import { Notifications, notifications } from '@mantine/notifications';
import { Icon } from '~/ui/brand/icon';
import { setToaster } from './notify';

setToaster(({ message, tone }) => {
  notifications.show({
    message,
    color: tone === 'good' ? 'spruce' : 'red',
    icon: <Icon name={tone === 'good' ? 'check' : 'alert'} size={16} />,
    autoClose: tone === 'good' ? 4000 : 9000,
    withBorder: true,
    closeButtonProps: { 'aria-label': '×' },
  });
});

export function Toaster() {
  return <Notifications position="bottom-center" limit={3} />;
}
