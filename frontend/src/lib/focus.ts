/** Where the focus goes when the row that it is in goes away: to the last button of a neighbour. */
export function buttonBeside(element: Element | null): HTMLElement | null {
  const row = element?.closest('li');
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
  const buttons = neighbour?.querySelectorAll<HTMLElement>('button') ?? [];
  return [...buttons].at(-1) ?? null;
}
