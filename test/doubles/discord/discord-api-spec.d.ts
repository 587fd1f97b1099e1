/** The package contains these schemas without types. */
declare module 'discord-api-spec/zod' {
  const schemas: Record<string, import('zod/mini').ZodMiniType>;
  export = schemas;
}
