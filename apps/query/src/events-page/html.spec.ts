import { html, inline, markdown, type Html } from './html.js';

/** Without the space between tags, which only comes from the formatting of the sources. */
const textOf = ({ text }: Html) => text.replaceAll(/(?<=>)\s+|\s+(?=<)/g, '');

describe('html', () => {
  it('should escape texts, and insert HTML unchanged', () => {
    const items = ['<b>', '"&\''].map((text) => html`<li>${text}</li>`);
    expect(
      textOf(
        html`<p>${items}</p>
          ${undefined}${5}`,
      ),
    ).toBe('<p><li>&lt;b&gt;</li><li>&quot;&amp;&#39;</li></p>5');
  });

  it('should show text between backticks as code', () => {
    expect(inline('set `a<b` now').map(({ text }) => text)).toEqual(['set ', '<code>a&lt;b</code>', ' now']);
  });

  it('should make paragraphs and lists', () => {
    const [first, list, last] = markdown('One.\n\n- a\n- `b`\n\nTwo.').map(textOf);
    expect([first, list, last]).toEqual(['<p>One.</p>', '<ul><li>a</li><li><code>b</code></li></ul>', '<p>Two.</p>']);
  });
});
