import { WritePath } from './write-path.js';

describe('WritePath', () => {
  let path: WritePath;

  beforeEach(() => (path = new WritePath()));

  /** Batches without duplicates until COPY is tried again. */
  const batchesUntilCopy = () => {
    let batches = 0;
    for (; !path.isCopy; batches++) path.inserted(0);
    return batches;
  };

  it('should copy until a duplicate is found, and again after two batches without duplicates', () => {
    expect(path.isCopy).toBe(true);
    path.copyFoundDuplicate();
    expect(path.isCopy).toBe(false);
    expect(batchesUntilCopy()).toBe(2);
  });

  it('should insert as long as duplicates are found', () => {
    path.copyFoundDuplicate();
    for (let batch = 0; batch < 100; batch++) {
      path.inserted(batch % 2);
      expect(path.isCopy).toBe(false);
    }
  });

  it('should retry COPY less often after each failure, but never give up', () => {
    const waits = Array.from({ length: 8 }, () => {
      path.copyFoundDuplicate();
      return batchesUntilCopy();
    });
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 64, 64]);
    for (let batch = 0; batch < 10; batch++) path.copied();
    path.copyFoundDuplicate();
    expect(batchesUntilCopy()).toBe(2);
  });
});
