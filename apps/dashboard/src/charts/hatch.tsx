/** Patterns for what was not counted, or not in full. Patterns also work without colours. */
export function Hatch({ id }: { id: string }) {
  return (
    <defs>
      <pattern id={`${id}-hole`} width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect class="hatch-ground" width="7" height="7" />
        <line class="hatch-line" x1="0" x2="0" y1="0" y2="7" />
      </pattern>
      <pattern id={`${id}-open`} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
        <rect class="open-ground" width="5" height="5" />
        <line class="open-line" x1="0" x2="0" y1="0" y2="5" />
      </pattern>
      <pattern id={`${id}-now`} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
        <rect class="open-ground" width="5" height="5" />
        <line class="now-line" x1="0" x2="0" y1="0" y2="5" />
      </pattern>
    </defs>
  );
}
