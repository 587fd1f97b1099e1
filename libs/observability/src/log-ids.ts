/** Keys that say what a line belongs to. Every line has them under these names. */
export interface LogIds {
  /** As the answer has it in `X-Request-Id`. */
  request_id?: string;
  /** Where the line belongs to one guild. */
  guild_id?: string;
  /** Of one process: events that are stored together. */
  batch_id?: string;
  queue?: string;
}
