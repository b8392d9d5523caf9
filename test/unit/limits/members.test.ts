import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Member, Members } from '../../../src/limits/members.ts';

describe('the members of a key', () => {
  it('are found, few or many, in the order in which they came', () => {
    const members = new Members();
    const added = Array.from({ length: 20 }, (_, index) => {
      expect(members.find(index)).toBeUndefined();
      const member = members.add(index);
      expect(members.find(index)).toBe(member);
      expect([...members.values()].map(({ key }) => key)).toEqual(
        Array.from({ length: index + 1 }, (_, key) => key),
      );
      return member;
    });
    for (const [index, member] of added.entries()) {
      members.remove(member);
      expect(members.find(index)).toBeUndefined();
      expect(members.size).toBe(19 - index);
    }
    const few = new Members();
    few.remove(few.add('a'));
    expect(few.size).toBe(0);
  });

  it('keep every open take until it is closed, and tell the last', () => {
    const model = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 5 })), { maxLength: 30 });
    fc.assert(
      fc.property(model, (steps) => {
        const member = new Members().add(1);
        const open: number[] = [];
        for (const [opens, atMs] of steps) {
          if (opens) {
            open.push(atMs);
            member.open(atMs);
          } else if (open.includes(atMs)) {
            open.splice(open.lastIndexOf(atMs), 1);
            member.close(atMs);
          }
          expect(member.openMs).toBe(open.at(-1));
        }
      }),
    );
  });

  it('keep their stamps sorted', () => {
    const steps = fc.array(fc.option(fc.integer({ min: 0, max: 20 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (given) => {
        const members = new Members();
        const stamps: number[] = [];
        for (const [key, atMs] of given.entries()) {
          if (atMs !== null) {
            stamps.push(atMs);
            stamps.sort((one, other) => one - other);
            members.stamp(members.add(key), atMs);
          } else if (stamps.length > 0) {
            expect(members.oldest?.stampMs).toBe(stamps.shift());
            members.shift();
          }
          expect(members.oldestFirst(100).map(({ stampMs }) => stampMs)).toEqual(stamps);
        }
      }),
    );
  });
});

describe('a member with one open take', () => {
  it('keeps it when another one is closed that it never had', () => {
    const member = new Member('a');
    member.open(1);
    member.close(2);
    expect(member.openMs).toBe(1);
    member.close(1);
    expect(member.openMs).toBeUndefined();
  });
});
