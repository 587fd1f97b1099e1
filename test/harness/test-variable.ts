/** Reads a variable of the test runner about the servers that it has started. */
export function testVariable(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set: run the tests with \`npm test\` (\`npm test -- <path>\` for some tests)`);
}
