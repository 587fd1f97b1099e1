import type { OpenAPIObject } from '@nestjs/swagger';
import { COMPONENT_NAME, nameComponents } from './components.js';

describe('the components of the API document', () => {
  const id = { title: 'Id', type: 'string', description: 'An id' };
  const documentOf = (...schemas: object[]) =>
    ({
      paths: Object.fromEntries(schemas.map((schema, index) => [`/${index}`, { get: { schema } }])),
      components: { schemas: { User: { properties: { title: { type: 'string' }, id: { allOf: [id] } } } } },
    }) as unknown as OpenAPIObject;

  it('moves a schema with a title to the components, and keeps the description of the reference', () => {
    const { paths, components } = nameComponents(documentOf({ allOf: [id], description: 'Whose' }));
    const ref = '#/components/schemas/Id';
    expect(paths).toEqual({ '/0': { get: { schema: { $ref: ref, description: 'Whose' } } } });
    expect(components).toEqual({
      schemas: {
        Id: { type: 'string', description: 'An id' },
        User: { properties: { title: { type: 'string' }, id: { $ref: ref } } },
      },
      responses: {},
    });
  });

  it('moves a response with a name to the components', () => {
    const response = { description: 'No', [COMPONENT_NAME]: 'Refusal' };
    const { paths, components } = nameComponents(documentOf(response, response));
    expect(paths['/1']).toEqual({ get: { schema: { $ref: '#/components/responses/Refusal' } } });
    expect(components?.responses).toEqual({ Refusal: { description: 'No' } });
  });

  it('rejects two different schemas with the same name', () => {
    expect(() => nameComponents(documentOf({ ...id, type: 'integer' }))).toThrow(
      'two different schemas of the API document are called Id',
    );
  });
});
