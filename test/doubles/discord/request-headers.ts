import type { IncomingHttpHeaders } from 'node:http';

/** Checks the headers that every request must have. */
export function headerProblems(headers: IncomingHttpHeaders): string[] {
  const problems: string[] = [];
  if (!/^Bot \S+$/.test(headers.authorization ?? '')) problems.push('Authorization is not "Bot <token>"');
  if (!/^DiscordBot \(https?:\/\/\S+, [^)]+\)/.test(headers['user-agent'] ?? '')) {
    problems.push(`User-Agent is not "DiscordBot (url, version)": ${headers['user-agent'] ?? 'missing'}`);
  }
  return problems;
}
