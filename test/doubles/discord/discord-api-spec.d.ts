/** The package has these schemas as JavaScript alone. */
declare module 'discord-api-spec/zod' {
  const schemas: Record<string, import('zod/mini').ZodMiniType>;
  export = schemas;
}
