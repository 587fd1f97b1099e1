import type { Type } from '@nestjs/common';
import { identifierOf, type CompiledKind } from '#libs/contracts';

/** The operation ids of a kind, such as `recordMessage`, `listMessages` and `summarizeMessages`. */
export function kindOperations(kind: CompiledKind): Record<'record' | 'list' | 'summarize', string> {
  const { noun } = kind.definition;
  const one = identifierOf(noun ?? kind.name);
  const many = noun === undefined ? `${one}Records` : `${one}s`;
  return { record: `record${one}`, list: `list${many}`, summarize: `summarize${many}` };
}

/** Gives the controller of a kind its own name, which Nest's logs and errors show. */
export function nameAfterKind(controller: Type, kind: CompiledKind): Type {
  Object.defineProperty(controller, 'name', { value: `${identifierOf(kind.name)}${controller.name}` });
  return controller;
}
