/** What carries messages between the page and the app: Tauri, or the tests' bridge. */
export interface Host {
  /** Calls a command. A failure is a Fault object. */
  call<T>(command: string, args: object): Promise<T>;
  /** Hears an event from now on. */
  listen(event: string, handler: (payload: unknown) => void): void;
}
