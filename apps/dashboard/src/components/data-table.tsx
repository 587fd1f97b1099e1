import type { ComponentChildren } from 'preact';

export interface Table {
  head: readonly string[];
  /** The first cell of a row is its heading. */
  rows: readonly (readonly ComponentChildren[])[];
}

interface Props {
  title: string;
  table: Table;
  className?: string;
}

/** A table that scrolls in its frame, also with the keyboard. */
export function DataTable({ title, table: { head, rows }, className = '' }: Props) {
  return (
    <div class={`table-scroll ${className}`} role="region" tabIndex={0} aria-label={title}>
      <table class="data">
        <caption class="visually-hidden">{title}</caption>
        <thead>
          <tr>
            {head.map((cell) => (
              <th key={cell} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([heading, ...cells], row) => (
            <tr key={row}>
              <th scope="row">{heading}</th>
              {cells.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
