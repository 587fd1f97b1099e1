import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const CONTROLLER = `
@Controller()
class NewController {
  @Get('declared')
  @Access('open')
  declared() {}

  @Post(path)
  @Endpoint({ summary: 'Has no @Access' })
  forgotten() {}

  notARoute() {}
}`;

describe('npm run check', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'route-access-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const check = async (text: string) => {
    await writeFile(join(folder, 'new.controller.ts'), text);
    return promisify(execFile)(process.execPath, ['scripts/check-access.mjs', folder]);
  };

  it('reports a route without @Access', async () => {
    const refused = check(CONTROLLER);
    await expect(refused).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/new\.controller\.ts:10 .*forgotten/),
    });
    await expect(refused).rejects.toMatchObject({ stdout: expect.not.stringMatching(/declared|notARoute/) });
  });

  it('accepts a controller whose routes all have @Access', async () => {
    const { stdout } = await check(CONTROLLER.replace('@Endpoint', "@Access('service')\n  @Endpoint"));
    expect(stdout).toBe('');
  });
});
