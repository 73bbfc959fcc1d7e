/** The key of the practice note in the context that the app sets. */
export const NOTE = Symbol('practice note');

/** What a practice note says about the screen that is shown. */
export interface Note {
  readonly lines: { see: string; do: string; real: string } | undefined;
  /** Shows no more notes. */
  hide(): void;
}
