import type { Type } from '@nestjs/common';
import { identifierOf, type CompiledKind } from '#libs/contracts';

/** Ids of the operations of a kind, such as `recordMessage`, `listMessages` and `summarizeMessages`. */
export function kindOperations(kind: CompiledKind): Record<'record' | 'list' | 'summarize', string> {
  const { noun } = kind.definition;
  const one = identifierOf(noun ?? kind.name);
  const many = noun === undefined ? `${one}Records` : `${one}s`;
  return { record: `record${one}`, list: `list${many}`, summarize: `summarize${many}` };
}

/** Names a controller that is made for a kind: Nest's logs and errors show it. */
export function nameAfterKind(controller: Type, kind: CompiledKind): Type {
  Object.defineProperty(controller, 'name', { value: `${identifierOf(kind.name)}${controller.name}` });
  return controller;
}
