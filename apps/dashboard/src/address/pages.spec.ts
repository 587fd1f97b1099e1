import { loginPath, pageOf, returnPath } from './pages.js';

describe('pageOf', () => {
  it.each([
    ['/', { name: 'guilds' }],
    ['/login', { name: 'login' }],
    ['/login/', { name: 'login' }],
    ['/g/123', { name: 'overview', guild: '123' }],
    ['/g/123/s/message.sent', { name: 'kind', guild: '123', kind: 'message.sent' }],
    ['/g/123/s/ticket.closed/', { name: 'kind', guild: '123', kind: 'ticket.closed' }],
    ['/g/123/s/%E0%A4%A', { name: 'kind', guild: '123', kind: '%E0%A4%A' }],
    ['/g', { name: 'missing' }],
    ['/g/abc', { name: 'missing' }],
    ['/g/123/s', { name: 'missing' }],
    ['/g/123/s/a.b/c', { name: 'missing' }],
    ['/elsewhere', { name: 'missing' }],
  ])('should find the page of %s', (path, page) => {
    expect(pageOf(path)).toEqual(page);
  });
});

describe('the way back from the login', () => {
  it('should be the address that was asked for', () => {
    const address = '/g/123?days=30&tz=Europe/Amsterdam';
    expect(returnPath(loginPath(address).slice('/login'.length))).toBe(address);
  });

  it.each(['?return_to=//evil.example', '?return_to=/\\evil.example', '?return_to=https://evil.example', ''])(
    'should not leave the service: %s',
    (search) => expect(returnPath(search)).toBe('/'),
  );
});
