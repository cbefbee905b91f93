type Show = (toast: { message: string; tone: 'good' | 'bad' }) => void;

let show: Show = () => {};

/** The toasts' library is loaded with the first page that needs it, and registers itself here. */
export function setToaster(next: Show): void {
  show = next;
}

export const notifyGood = (message: string): void => show({ message, tone: 'good' });
export const notifyBad = (message: string): void => show({ message, tone: 'bad' });
