import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { Host } from './host';

/** The app around this page. */
export const host: Host = {
  call: (command, args) => invoke(command, args as Record<string, unknown>),
  listen: (event, handler) => void listen(event, (message) => handler(message.payload)),
};
