import { parseLosslessJson, type JsonObject } from '#libs/json';
import { BadRequestError } from '../http/api-error.js';
import { IsOmitted, IsOneOf, IsSnowflake } from './field.decorators.js';
import { ReadAs } from './read-as.decorator.js';
import { RefusesUnknownFields } from './request-dto.js';
import { RequestPipe } from './request.pipe.js';

let parsed: unknown[] = [];
const counted = {
  expected: 'anything',
  schema: {},
  parse: (value: unknown) => {
    parsed.push(value);
    return value === 'wrong' ? undefined : { read: value };
  },
};

class Base {
  @IsSnowflake()
  guild_id: string;
}

@RefusesUnknownFields('ignored')
class Request extends Base {
  @ReadAs(counted, { optional: true, nullable: true })
  counted?: { read: unknown } | null;

  @IsOneOf(['a', 'b'], { optional: true })
  word?: 'a' | 'b';

  @IsOmitted('it has no effect here')
  filter?: never;
}

describe(`${RequestPipe.name}`, () => {
  const pipe = new RequestPipe();
  const read = (json: string) =>
    pipe.transform(parseLosslessJson(json) as JsonObject, { type: 'body', metatype: Request }) as Request;
  const mistakes = (json: string) => {
    try {
      read(json);
    } catch (error) {
      if (error instanceof BadRequestError) return error.details.fields;
      throw error;
    }
    return [];
  };

  beforeEach(() => {
    parsed = [];
  });

  it('reads the fields of the DTO and its base class, and ids without loss of digits', () => {
    expect(read('{"guild_id":9223372036854775807,"word":"b","ignored":1}')).toEqual({
      guild_id: '9223372036854775807',
      word: 'b',
    });
    expect(read('{"guild_id":"1"}')).toBeInstanceOf(Request);
  });

  it('parses each value once, without copying it', () => {
    const { counted: value } = read('{"guild_id":1,"counted":{"constructor":1,"than":[1]}}');
    expect(parsed).toEqual([{ constructor: 1, than: [1] }]);
    expect(value!.read).toBe(parsed[0]);
  });

  it('omits missing fields, and keeps null in nullable fields', () => {
    expect(Object.keys(read('{"guild_id":1}'))).toEqual(['guild_id']);
    expect(read('{"guild_id":1,"counted":null}').counted).toBeNull();
    expect(mistakes('{"guild_id":1,"word":null}')).toEqual([{ field: 'word', message: 'must be one of a, b' }]);
  });

  it('reports every invalid field', () => {
    expect(mistakes('{"counted":"wrong","word":"c","filter":1,"other":1}')).toEqual(
      expect.arrayContaining([
        { field: 'guild_id', message: 'is required' },
        { field: 'counted', message: 'must be anything, or null' },
        { field: 'word', message: 'must be one of a, b' },
        { field: 'filter', message: 'must be omitted: it has no effect here' },
        { field: 'other', message: 'is not a field of this request' },
      ]),
    );
  });

  it('returns a value unchanged if its type is not a request DTO', () => {
    const value = { any: 'thing' };
    expect(pipe.transform(value, { type: 'body', metatype: Object })).toBe(value);
    expect(pipe.transform(value, { type: 'custom' })).toBe(value);
  });
});
