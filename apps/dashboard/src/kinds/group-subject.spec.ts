import type { Kind } from '../api/types.js';
import { hasOptionalUser, subjectOfGroup } from './group-subject.js';

const KIND: Kind = {
  kind: 'member.joined',
  title: 'A member joined',
  view_path: '/stats/members/joined/view',
  summary_path: '/stats/members/joined/summary',
  fields: [
    { name: 'user_id', type: 'user_id' },
    { name: 'inviter_id', type: 'actor_id' },
    { name: 'invite_code', type: 'label' },
  ],
  filters: ['user_id'],
  group_by: ['invite', 'inviter'],
  measure: null,
  builtin: true,
};

describe('the subject of a grouping', () => {
  it('should be that of its field', () => {
    expect(['user', 'channel', 'inviter', 'invite', 'poll'].map((group) => subjectOfGroup(KIND, group))).toEqual([
      'user',
      'channel',
      'user',
      'text',
      'text',
    ]);
  });

  it('should know whether records have a user beside their fields', () => {
    expect(hasOptionalUser(KIND)).toBe(false);
    expect(hasOptionalUser({ ...KIND, fields: [] })).toBe(true);
    expect(hasOptionalUser({ ...KIND, fields: [], filters: [] })).toBe(false);
  });
});
