import type { Type } from '@nestjs/common';

/** Names the operations of a kind's controller in the API documents: Nest and Swagger take it from the class. */
export function nameAfterKind(controller: Type, kindName: string): Type {
  Object.defineProperty(controller, 'name', { value: `${pascalCase(kindName)}Controller` });
  return controller;
}

function pascalCase(kindName: string): string {
  return kindName.replace(/(?:^|[._])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
