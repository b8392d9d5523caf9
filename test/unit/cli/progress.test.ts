import { describe, expect, test } from 'vitest';
import { createProgress } from '../../../src/cli/progress.ts';

function create(showsProgress: boolean) {
  let [now, text] = [0, ''];
  const writeError = (written: string) => {
    text += written;
  };
  const progress = createProgress('Sending', 'of 4,000', { writeError, showsProgress }, () => now);
  return {
    ...progress,
    at(ms: number) {
      now = ms;
    },
    take() {
      const taken = text;
      text = '';
      return taken;
    },
  };
}

describe('progress on a terminal', () => {
  test('is a bar with rate and time left', () => {
    const progress = create(true);
    progress.update(0, 0);
    expect(progress.take()).toBe(`\r\u001b[KSending [${'░'.repeat(24)}]   0 %  0 of 4,000`);
    progress.at(50);
    progress.update(10, 0.01);
    expect(progress.take()).toBe('');
    progress.at(2_000);
    progress.update(1_000, 0.25);
    expect(progress.take()).toBe(
      `\r\u001b[KSending [${'█'.repeat(6)}${'░'.repeat(18)}]  25 %  1,000 of 4,000  500/s  6 s left`,
    );
    progress.clear();
    progress.clear();
    expect(progress.take()).toBe('\r\u001b[K');
  });

  test('counts only the rows of a resumed run', () => {
    const progress = create(true);
    progress.update(2_000, 0.5);
    progress.take();
    progress.at(2_000);
    progress.update(3_000, 0.75);
    expect(progress.take()).toContain(' 75 %  3,000 of 4,000  500/s  2 s left');
    progress.at(3_000);
    progress.update(4_000, 1);
    expect(progress.take()).toMatch(/100 % {2}4,000 of 4,000 {2}667\/s$/);
  });

  test('without an end shows a count', () => {
    const progress = create(true);
    progress.update(7);
    expect(progress.take()).toBe('\r\u001b[KSending 7 of 4,000');
  });
});

test('progress in a log is a line now and then', () => {
  const progress = create(false);
  progress.update(0, 0);
  progress.at(29_000);
  progress.update(1_000, 0.25);
  expect(progress.take()).toBe('');
  progress.at(30_000);
  progress.update(1_000, 0.25);
  expect(progress.take()).toMatch(/^Sending \[.*\n$/);
  progress.clear();
  expect(progress.take()).toBe('');
});
