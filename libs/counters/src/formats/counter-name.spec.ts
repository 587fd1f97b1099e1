import { labelFormat, parseFormat, type CounterFormat, type FormatRules } from './counter-format.js';
import { counterName, type NameValues } from './counter-name.js';

const MEMBERS: FormatRules = { type: 'members', counts: ['value'], hasRole: false, hasGoal: true };
const WITH_ROLE: FormatRules = { type: 'members_with_role', counts: ['value'], hasRole: true, hasGoal: false };
const STATUSES: FormatRules = { type: 'statuses', counts: ['online', 'idle'], hasRole: false, hasGoal: false };

function formatFrom(text: string, rules = MEMBERS): CounterFormat {
  const parsed = parseFormat(text, rules);
  if ('mistake' in parsed) throw new Error(parsed.mistake);
  return parsed.format;
}

function mistakeIn(text: string, rules = MEMBERS): string | undefined {
  const parsed = parseFormat(text, rules);
  return 'mistake' in parsed ? parsed.mistake : undefined;
}

describe('counterName', () => {
  const nameOf = (text: string, value: number, values: Partial<NameValues> = {}, rules = MEMBERS) =>
    counterName(formatFrom(text, rules), { counts: { value }, goal: 100_000, ...values });

  it.each([
    [0, '0', '0'],
    [999, '999', '999'],
    [1_000, '1000', '1K'],
    [9_999, '9999', '9.9K'],
    [10_000, '10,000', '10K'],
    [12_345, '12,345', '12.3K'],
    [999_999, '999,999', '999.9K'],
    [1_234_567, '1,234,567', '1.2M'],
    [2_147_483_647, '2,147,483,647', '2.1B'],
    [1_000_000_000_000, '1,000,000,000,000', '1T'],
  ])('should write %d as %s, or short as %s', (value, grouped, short) => {
    expect(nameOf('<value>', value)).toBe(grouped);
    expect(nameOf('<value:short>', value)).toBe(short);
  });

  it('should show goal and what is missing, which is never below 0', () => {
    expect(nameOf('<value> / <goal>, <remaining> to go', 98_765)).toBe('98,765 / 100,000, 1235 to go');
    expect(nameOf('<value:short>/<goal:short>, <remaining:short>', 98_765)).toBe('98.7K/100K, 1.2K');
    expect(nameOf('<value> <remaining>', 100_001)).toBe('100,001 0');
  });

  it('should show several numbers, and the name of the role', () => {
    const statuses = { counts: { online: 12_345, idle: 6 }, goal: null };
    expect(counterName(formatFrom('🟢 <online:short> 🌙 <idle>', STATUSES), statuses)).toBe('🟢 12.3K 🌙 6');
    expect(nameOf('<role_name>: <value>', 7, { roleName: 'Admins <value>' }, WITH_ROLE)).toBe('Admins <value>: 7');
  });

  it('should stand in for what is unknown', () => {
    const name = counterName(formatFrom('<role_name>: <value>', WITH_ROLE), { counts: {}, goal: null });
    expect(name).toBe('…: …');
  });

  it('should have at most 100 characters, and shorten no number', () => {
    const roleName = '😀'.repeat(100);
    expect(nameOf('<role_name>: <value>', 12_345, { roleName }, WITH_ROLE)).toBe(`${'😀'.repeat(92)}: 12,345`);
    const text = 'a'.repeat(93);
    expect(nameOf(`${text}<value>`, 2_147_483_647)).toBe(`${'a'.repeat(87)}2,147,483,647`);
    expect(Array.from(nameOf('<value>'.repeat(14), 2_147_483_647))).toHaveLength(100);
  });

  it('should show counters of the settings as label and count, without separators', () => {
    const ofLabel = (label: string, value: number) =>
      counterName(labelFormat(label), { counts: { value }, goal: null });
    expect(ofLabel('Members', 1_234_567)).toBe('Members: 1234567');
    expect(ofLabel('<value>', 0)).toBe('<value>: 0');
    expect(ofLabel('a'.repeat(97), 5)).toBe(`${'a'.repeat(97)}: 5`);
    expect(ofLabel('a'.repeat(98), 5)).toBe(`${'a'.repeat(97)}: 5`);
    expect(ofLabel('a'.repeat(100), 2_147_483_647)).toBe(`${'a'.repeat(88)}: 2147483647`);
    expect(ofLabel('😀'.repeat(100), 42)).toBe(`${'😀'.repeat(96)}: 42`);
  });
});

describe('parseFormat', () => {
  it.each([
    ['Members <3: <value>', MEMBERS],
    ['<value> > <goal>', MEMBERS],
    ['<value:short> of <role_name>', WITH_ROLE],
    ['<idle>', STATUSES],
  ])('should accept %j', (text, rules) => {
    expect(mistakeIn(text, rules)).toBeUndefined();
  });

  it.each([
    ['Members', MEMBERS, 'must contain <value>'],
    ['<goal> <remaining>', MEMBERS, 'must contain <value>'],
    ['Online', STATUSES, 'must contain at least one of <online>, <idle>'],
    ['<value> <Value>', MEMBERS, 'must not contain <Value>: members has <value>, <goal>, <remaining>, and numbers'],
    ['<>', MEMBERS, 'must not contain <>'],
    ['<value:long>', MEMBERS, 'must not contain <value:long>'],
    ['<value> <role_name:short>', WITH_ROLE, 'must not contain <role_name:short>'],
    ['<value>', STATUSES, 'must not contain <value>: statuses has <online>, <idle>, and numbers may be short'],
    ['<online> <goal>', STATUSES, 'must not contain <goal>, which has no meaning for statuses'],
    ['<value> <role_name>', MEMBERS, 'must not contain <role_name>, which has no meaning for members'],
    ['<value> <remaining>', WITH_ROLE, 'must not contain <remaining> without a goal'],
  ])('should refuse %j', (text, rules, message) => {
    expect(mistakeIn(text, rules)).toContain(message);
  });
});
