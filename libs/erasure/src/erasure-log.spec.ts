import { classifyDatabaseError } from '#libs/database';
import { ErasureLogError } from './index.js';

describe('ErasureLogError', () => {
  it('should be classified as an outage, because the operator can repair it', () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    expect(classifyDatabaseError(new ErasureLogError(full))).toBe('outage');
  });
});
