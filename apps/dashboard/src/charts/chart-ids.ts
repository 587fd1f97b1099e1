/** The ids of the elements that name and describe a chart. */
export interface ChartIds {
  title: string;
  lead: string;
}
