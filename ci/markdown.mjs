// Reads Markdown as far as the checks of documents need it.

/** Fenced blocks with the line they begin at, and the text around them. */
export function splitFences(markdown) {
  const blocks = [];
  const prose = [];
  let open;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^\s*(`{3,})(.*)$/.exec(line);
    if (open === undefined && fence) {
      open = { fence: fence[1], info: fence[2].trim(), line: index + 2, code: [] };
    } else if (open !== undefined && fence?.[1] === open.fence && fence[2].trim() === '') {
      blocks.push({ ...open, code: `${open.code.join('\n')}\n` });
      open = undefined;
    } else if (open === undefined) prose.push(line);
    else open.code.push(line);
  }
  if (open !== undefined) throw new Error(`the block that begins at line ${open.line} has no end`);
  return { blocks, prose: prose.join('\n') };
}

/** Files that a reader saves: blocks whose first line is a comment with a name. A later one replaces an earlier one. */
export function filesOf(markdown) {
  const named = splitFences(markdown).blocks.map((block) => [fileNameOf(block), block]);
  return new Map(named.filter(([name]) => name !== undefined));
}

/** The name in the first line of a block: `// sms.ts`. */
export const fileNameOf = ({ code }) => /^\/\/ ([\w./-]+\.[a-z]+)\n/.exec(code)?.[1];

/** Anchors as GitHub makes them from headings. */
export function anchorsOf(markdown) {
  const seen = new Map();
  const headings = splitFences(markdown).prose.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm);
  return new Set(
    Array.from(headings, ([, heading]) => {
      const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const slug = text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
      const count = seen.get(slug) ?? 0;
      seen.set(slug, count + 1);
      return count === 0 ? slug : `${slug}-${count}`;
    }),
  );
}

/** Targets of the links and images of a document, outside of code. */
export function linksOf(markdown) {
  const prose = splitFences(markdown).prose.replace(/`[^`\n]*`/g, '');
  const links = Array.from(prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g), ([, target]) => target);
  const tags = Array.from(prose.matchAll(/<[^>]+\s(?:src|srcset|href)="([^"\s]+)"/g), ([, target]) => target);
  return [...links, ...tags];
}
