import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, type AST } from 'svelte/compiler';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** All files below a folder of the page, by their path in it. */
export function files(folder: string, ending: RegExp): string[] {
  const all = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** An element or component of the markup, or a text between them. */
export interface Found {
  kind: 'element' | 'text';
  name: string;
  /** Attributes: literal text, with `<>` for what is filled in; `true` for a bare one. */
  attributes: Record<string, string>;
  text: string;
}

function attributeText(value: AST.Attribute['value']): string {
  if (value === true) return 'true';
  const parts = Array.isArray(value) ? value : [value];
  return parts.map((part) => (part.type === 'Text' ? part.data : '<>')).join('');
}

/** Every element, component and text of a component's markup. */
export function markup(path: string): Found[] {
  const found: Found[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    const one = node as { type?: string; name?: string; data?: string; attributes?: AST.BaseNode[] };
    if (one.type === 'Text') found.push({ kind: 'text', name: '', attributes: {}, text: one.data ?? '' });
    if (one.type === 'RegularElement' || one.type === 'Component') {
      const attributes: Record<string, string> = {};
      for (const attribute of one.attributes ?? [])
        if (attribute.type === 'Attribute') {
          const { name, value } = attribute as AST.Attribute;
          attributes[name] = attributeText(value);
        }
      found.push({ kind: 'element', name: one.name ?? '', attributes, text: '' });
    }
    for (const [key, inner] of Object.entries(node)) if (key !== 'attributes' && key !== 'metadata') visit(inner);
  };
  visit(parse(read(path), { modern: true, filename: path }).fragment);
  return found;
}
