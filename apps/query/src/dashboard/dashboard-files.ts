import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BUILT = join('dist', 'dashboard');
/** Tells the dashboard whether it can offer the login with Discord, so that it need not try. */
const DISCORD_LOGIN = '<meta name="serverstats-discord-login" content="off" />';

/** The files of the dashboard that `npm run build` makes. */
export class DashboardFiles {
  private constructor(
    /** The absolute path of the directory. */
    readonly directory: string,
    private readonly html: string,
  ) {}

  /** Undefined if the dashboard was not built. */
  static find(): DashboardFiles | undefined {
    const directory = findUpwards(dirname(fileURLToPath(import.meta.url)));
    if (directory === undefined) return undefined;
    return new DashboardFiles(directory, readFileSync(join(directory, 'index.html'), 'utf8'));
  }

  /** The HTML of every page. */
  page({ discordLogin }: { discordLogin: boolean }): string {
    return discordLogin ? this.html.replace(DISCORD_LOGIN, DISCORD_LOGIN.replace('off', 'on')) : this.html;
  }
}

/** Searched upwards, because the distance differs between the compiled files and the bundle. */
function findUpwards(directory: string): string | undefined {
  const built = join(directory, BUILT);
  if (existsSync(join(built, 'index.html'))) return built;
  const parent = dirname(directory);
  return parent === directory ? undefined : findUpwards(parent);
}
