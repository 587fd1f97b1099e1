interface Props {
  /** When, or where in the chart. */
  place: string;
  value: string;
  position: string;
}

/** Shows the chosen value beside the pointer. Screen readers get it from the slider. */
export function Tip({ place, value, position }: Props) {
  return (
    <output class={`tip ${position}`} aria-hidden="true">
      <strong>{value}</strong>
      <span>{place}</span>
    </output>
  );
}
