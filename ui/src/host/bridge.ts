import type { Host } from './host';

const handlers = new Map<string, ((payload: unknown) => void)[]>();
let source: EventSource | undefined;

/** The tests' bridge: the same commands over HTTP and server-sent events. */
export const host: Host = {
  async call(command, args) {
    const answer = await fetch(`/command/${command}`, { method: 'POST', body: JSON.stringify(args) });
    const content = await answer.json();
    if (!answer.ok) throw content;
    return content;
  },
  listen(event, handler) {
    handlers.set(event, [...(handlers.get(event) ?? []), handler]);
    if (source) return;
    source = new EventSource('/events');
    source.onmessage = (message) => {
      const { event, payload } = JSON.parse(message.data) as { event: string; payload: unknown };
      for (const one of handlers.get(event) ?? []) one(payload);
    };
  },
};
