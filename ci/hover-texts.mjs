// Checks the texts that editors show for public names, with TypeScript's language service.
import { basename } from 'node:path';
import ts from 'typescript';

const settings = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
  types: [],
  strict: true,
};

/** A language service over one declaration file, and a program that is written later. */
function openService(file, programPath) {
  let text = 'export {};\n';
  let version = 1;
  const contentOf = (path) => (path === programPath ? text : ts.sys.readFile(path));
  const service = ts.createLanguageService({
    getCompilationSettings: () => settings,
    getScriptFileNames: () => [file, programPath],
    getScriptVersion: (path) => (path === programPath ? `${version}` : '1'),
    getScriptSnapshot(path) {
      const content = contentOf(path);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => ts.sys.getCurrentDirectory(),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (path) => path === programPath || ts.sys.fileExists(path),
    readFile: contentOf,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
  const write = (newText) => {
    text = newText;
    version += 1;
  };
  return { service, write };
}

const shown = (parts) => ts.displayPartsToString(parts).trim();

/** Declared in the package, not by the platform, and with a name that a reader can write. */
function isPublic(symbol) {
  return (symbol.declarations ?? []).some((declaration) => {
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
    return (
      /[\\/]dist[\\/]/.test(declaration.getSourceFile().fileName) &&
      (ts.getCombinedModifierFlags(declaration) & hidden) === 0 &&
      declaration.name !== undefined &&
      ts.isIdentifier(declaration.name)
    );
  });
}

/** An interface whose methods this package calls, also where it gives the reader an object of it to hand in. */
const CALLED_BY_PACKAGE = new Set(['Telemetry']);

function isCalledByPackage(symbol) {
  return (symbol.declarations ?? []).some(({ parent }) => CALLED_BY_PACKAGE.has(parent.name?.text));
}

/**
 * The public names of a declaration file that show no text on hover, for example `SmsClient.close`, and the methods that
 * show none while their arguments are typed: every class, function, constant and type, every method, and every property
 * that a caller writes.
 */
export function findMissingTexts(file) {
  const programPath = file.replace(/[^\\/]+$/, 'reader.ts');
  const { service, write } = openService(file, programPath);
  const program = service.getProgram();
  const checker = program.getTypeChecker();
  const asked = new Map();
  const methods = [];
  /** Options: a function in them is a hook, which nobody calls, also when a preset returns them. */
  const options = new Set();

  function ask(symbol, name) {
    if (asked.has(symbol)) return;
    const texts = (symbol.declarations ?? [])
      .filter((declaration) => declaration.name !== undefined)
      .map(({ name: node }) => {
        const path = node.getSourceFile().fileName;
        return shown(service.getQuickInfoAtPosition(path, node.getStart())?.documentation);
      });
    asked.set(symbol, { name, hasText: texts.some((text) => text !== '') });
  }

  /** A property, also an inherited or an optional one, with what it holds. */
  function publicProperties(type) {
    return checker
      .getPropertiesOfType(type)
      .filter(isPublic)
      .map((symbol) => ({ symbol, held: checker.getNonNullableType(checker.getTypeOfSymbol(symbol)) }));
  }
  const isNamed = (symbol) =>
    symbol !== undefined &&
    (symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)) !== 0 &&
    isPublic(symbol);
  const nameOf = (type, otherwise) => [type.aliasSymbol, type.symbol].find(isNamed)?.name ?? otherwise;
  const isClass = (type) => type.isClass() || (type.symbol?.flags & ts.SymbolFlags.Class) !== 0;

  function walker(visit) {
    const seen = new Set();
    return function walk(type, owner) {
      if (seen.has(type)) return;
      seen.add(type);
      if (type.isUnionOrIntersection()) for (const part of type.types) walk(part, owner);
      else if (type.flags & ts.TypeFlags.Object) {
        for (const part of checker.getTypeArguments(type)) walk(part, owner);
      }
      if (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) visit(type, nameOf(type, owner));
    };
  }

  /** Read by the caller: its methods are called. */
  const readType = walker((type, owner) => {
    for (const { symbol, held } of publicProperties(type)) {
      const name = `${owner}.${symbol.name}`;
      const signatures = held.getCallSignatures();
      if (signatures.length === 0) readType(held, name);
      else {
        ask(symbol, name);
        if (isCalledByPackage(symbol)) continue;
        methods.push({ type, method: symbol.name });
        called(signatures, name);
      }
    }
  });
  /** Written by the caller: each property is an option, each function in it a hook. */
  const writtenType = walker((type, owner) => {
    // An instance of a class is passed on, not written.
    if (isClass(type)) return;
    options.add(type);
    for (const { symbol, held } of publicProperties(type)) {
      ask(symbol, `${owner}.${symbol.name}`);
      writtenType(held, `${owner}.${symbol.name}`);
    }
    for (const signature of type.getCallSignatures()) {
      writtenType(signature.getReturnType(), owner);
      for (const parameter of signature.parameters) readType(checker.getTypeOfSymbol(parameter), owner);
    }
  });
  function called(signatures, owner) {
    for (const signature of signatures) {
      readType(signature.getReturnType(), owner);
      for (const parameter of signature.parameters) writtenType(checker.getTypeOfSymbol(parameter), owner);
    }
  }

  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
  const publicNames = new Set(exported.map(({ name }) => name));
  for (const each of exported) {
    const symbol = each.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each;
    ask(symbol, each.name);
    if (symbol.flags & ts.SymbolFlags.Class) readType(checker.getDeclaredTypeOfSymbol(symbol), each.name);
    if (symbol.flags & ts.SymbolFlags.Value) {
      const type = checker.getTypeOfSymbol(symbol);
      called([...type.getCallSignatures(), ...type.getConstructSignatures()], each.name);
      readType(type, each.name);
    }
  }

  /** How a reader who has imported the entry writes a value of a type. */
  function readersValue(type, index) {
    if (!publicNames.has(type.symbol?.name)) return undefined;
    const name = `library.${type.symbol.name}`;
    const instance = checker.getDeclaredTypeOfSymbol(type.symbol);
    if (type.symbol.flags & ts.SymbolFlags.Class && type !== instance) return { head: '', value: name };
    const parameters = (instance.typeParameters ?? []).map(() => 'never').join(', ');
    const head = `declare const value${index}: ${name}${parameters === '' ? '' : `<${parameters}>`}; `;
    return { head, value: `value${index}` };
  }

  /** Signature help, asked where a reader would type the first argument. */
  function findMissingSignatures() {
    const calls = methods.flatMap(({ type, method }, index) => {
      if (options.has(type)) return [];
      const written = readersValue(type, index);
      if (written === undefined) return [];
      return [
        { name: `${type.symbol.name}.${method}()`, line: `${written.head}${written.value}.${method}(` },
      ];
    });
    const start = `import * as library from './${basename(file).replace(/d\.(c?)ts$/, '$1js')}';\n`;
    write(`${start}${calls.map(({ line }) => `${line});\n`).join('')}`);
    let position = start.length;
    return calls.flatMap(({ name, line }) => {
      position += line.length;
      const items = service.getSignatureHelpItems(programPath, position, undefined)?.items ?? [];
      position += ');\n'.length;
      const hasText = items.length > 0 && items.every(({ documentation }) => shown(documentation) !== '');
      // A parameter that is taken apart has no name: `{ drainMs }`.
      const areNamed = items.every(({ parameters }) =>
        parameters.every((parameter) => /^(?!__)\w+$/.test(parameter.name)),
      );
      return [...(hasText ? [] : [name]), ...(areNamed ? [] : [`${name}: a parameter has no name`])];
    });
  }

  const names = [...asked.values()].filter(({ hasText }) => !hasText).map(({ name }) => name);
  return { asked: asked.size, missing: [...new Set([...names, ...findMissingSignatures()])].sort() };
}
