/** The places that F6 goes round. */
const REGIONS = ['rail', 'session', 'content', 'actions'];
const FOCUSABLE =
  'button:not(:disabled), input:not(:disabled), select, textarea, summary, [tabindex="0"], h1[tabindex], a[href]';

/** What a key does everywhere; a dialog has the keys to itself. */
export function key(event: KeyboardEvent) {
  if (document.querySelector('dialog[open]')) return;
  if (event.ctrlKey && event.key === 'Enter') press(event, '.page .button.primary:not(:disabled)');
  else if (event.altKey && event.key === 'ArrowLeft') press(event, '[data-back]');
  else if (event.key === 'F6') {
    event.preventDefault();
    cycle(event.shiftKey ? -1 : 1);
  }
}

function press(event: KeyboardEvent, which: string) {
  event.preventDefault();
  document.querySelector<HTMLElement>(which)?.click();
}

function cycle(step: number) {
  const places = REGIONS.map((name) => document.querySelector<HTMLElement>(`[data-region="${name}"]`)).filter(
    (place): place is HTMLElement => place?.querySelector(FOCUSABLE) != null,
  );
  if (places.length === 0) return;
  const here = places.findIndex((place) => place.contains(document.activeElement));
  const next = here < 0 ? 0 : (here + step + places.length) % places.length;
  places[next]?.querySelector<HTMLElement>(FOCUSABLE)?.focus();
}
