import { ComposePage } from '../parts/compose-page';

export function Page() {
  return <ComposePage draft={null} />;
}
