import type { JsonSchema } from '#libs/contracts';
import { html, inline, type Html } from './html.js';

/** A table of the fields of an object. */
export function schemaTable({ properties, required = [] }: JsonSchema): Html {
  const rows = Object.entries(properties as Record<string, JsonSchema>).map(([name, field]) => {
    const isRequired = (required as string[]).includes(name);
    return html` <tr>
      <td><code>${name}</code></td>
      <td>${isRequired ? 'required' : ''}</td>
      <td>${typesOf(field).map(formText).join(' or ')}</td>
      <td>${inline((field.description as string | undefined) ?? '')}</td>
    </tr>`;
  });
  return html`<table>
    <thead>
      <tr>
        <th>field</th>
        <th></th>
        <th>type</th>
        <th>meaning</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

/** The forms that a field may have, one for each type. */
function typesOf({ oneOf, type, ...schema }: JsonSchema): JsonSchema[] {
  if (Array.isArray(oneOf)) return (oneOf as JsonSchema[]).flatMap(typesOf);
  return [type].flat().map((each) => (each === 'null' ? { type: each } : { ...schema, type: each }));
}

function formText({ type, enum: words, ...limits }: JsonSchema): string {
  if (Array.isArray(words)) return words.filter((word) => word !== null).join(' or ');
  return [type, limitsText(limits)].filter((text) => text !== '').join(' ');
}

function limitsText({
  minimum,
  maximum,
  exclusiveMaximum,
  minLength,
  maxLength,
  maxProperties,
  format,
}: JsonSchema): string {
  const largest = exclusiveMaximum === 2 ** 63 ? '2^63-1' : maximum;
  if (minimum !== undefined && largest !== undefined) return `${minimum as number} to ${largest as number}`;
  if (minimum !== undefined) return `from ${minimum as number}`;
  if (minLength !== undefined) return `of ${minLength as number} to ${maxLength as number} characters`;
  if (maxLength !== undefined) return `of at most ${maxLength as number} characters`;
  if (maxProperties !== undefined) return `with at most ${maxProperties as number} keys`;
  return format === undefined ? '' : `(${format as string})`;
}
