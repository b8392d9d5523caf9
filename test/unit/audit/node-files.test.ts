import { afterEach, describe, expect, it, vi } from 'vitest';
import { nodeFiles } from '../../../src/audit/node-files.ts';
import { ConfigurationError } from '../../../src/errors.ts';

afterEach(() => vi.unstubAllGlobals());

describe('nodeFiles', () => {
  it('finds the file system of Node.js', () => {
    expect(nodeFiles().promises.readFile).toBeTypeOf('function');
  });

  it.each([[undefined], [{}], [{ getBuiltinModule: () => undefined }]])(
    'says that a runtime has none',
    (process) => {
      vi.stubGlobal('process', process);
      expect(nodeFiles).toThrow(ConfigurationError);
    },
  );
});
