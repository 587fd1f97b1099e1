import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { MAX_BODY_BYTES } from '#libs/contracts';
import { unpackBody } from './unpack-body.js';

const BODY = Buffer.from('{"guild_id": "1", "command": "ä😀"}');
const unpack = (content: Buffer, contentEncoding?: string) => unpackBody({ content, contentEncoding });

describe('unpackBody', () => {
  it.each([
    ...[undefined, '', 'identity', 'IDENTITY', 'utf-8', 'UTF-8', 'utf8', 'us-ascii', 'ascii', 'binary', '8bit'],
    ...['charset=utf-8', 'identity, utf-8', ' utf-8 '],
  ])('should return a body unchanged with content_encoding %j', (encoding) => {
    expect(unpack(BODY, encoding)).toBe(BODY);
  });

  it.each([
    ...['gzip', 'GZIP', 'Gzip', 'x-gzip', 'X-GZIP', ' gzip '],
    ...['gzip,UTF-8', 'gzip, utf-8', 'UTF-8,gzip', 'gzip;charset=utf-8', 'gzip; charset=UTF-8', 'binary,gzip'],
  ])('should decompress gzip with content_encoding %j', (encoding) => {
    expect(unpack(gzipSync(BODY), encoding)).toEqual(BODY);
  });

  it('should decompress deflate, with or without the zlib header, and br', () => {
    expect(unpack(deflateSync(BODY), 'deflate')).toEqual(BODY);
    for (const level of [0, 1, 9]) expect(unpack(deflateRawSync(BODY, { level }), 'Deflate')).toEqual(BODY);
    expect(unpack(brotliCompressSync(BODY), 'br,UTF-8')).toEqual(BODY);
  });

  it.each(['zip', 'gzip, gzip', 'gzip,br', 'zstd', 'compress', 'constructor', '__proto__', 'gzip utf-8', 'utf-16'])(
    'should reject content_encoding %j and name the supported ones',
    (encoding) => {
      expect(() => unpack(gzipSync(BODY), encoding)).toThrow(
        `content_encoding must be one of gzip, deflate, br, identity or nothing, not "${encoding}"`,
      );
    },
  );

  it.each(['gzip', 'deflate', 'br'])('should reject a body that is not valid %s', (encoding) => {
    for (const content of [BODY, Buffer.alloc(0), gzipSync(BODY).subarray(0, 20)]) {
      expect(() => unpack(content, encoding)).toThrow(`the body is not valid ${encoding}`);
    }
  });

  it('should limit the decompressed size for every encoding', () => {
    const large = Buffer.alloc(MAX_BODY_BYTES + 1, 'a');
    const fitting = large.subarray(1);
    for (const [encoding, pack] of Object.entries({ gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync })) {
      expect(unpack(pack(fitting), encoding)).toHaveLength(MAX_BODY_BYTES);
      expect(() => unpack(pack(large), encoding)).toThrow('the unpacked body is larger than 1048576 bytes');
    }
    expect(() => unpack(deflateRawSync(large), 'deflate')).toThrow('the unpacked body is larger than 1048576 bytes');
    expect(() => unpack(large)).toThrow('the body is larger than 1048576 bytes');
  });
});
