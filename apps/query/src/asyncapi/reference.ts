/** A reference to another part of the document. */
export interface Reference {
  $ref: string;
}

/** @param path the keys on the way to the part, from the root of the document */
export function referenceTo(...path: string[]): Reference {
  return { $ref: `#/${path.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}` };
}
