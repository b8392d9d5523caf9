/**
 * A value that is made with its first use. For regular expressions with `\p{…}`: making one takes as long as reading a hundred
 * lines of code, and every import of the package would make all of them.
 */
export function lazily<Value>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
