// The functions of a file by name, and what each body does that matters to
// `@throws`: whether it throws, and whom it calls by name.

import ts from "typescript";
import { resolve } from "./imports.ts";
import type { Config, SourceFile } from "./source.ts";
import { parse } from "./source.ts";

/** A function that is called by name: `f` of a file, or `Class.member`. */
export interface Callee {
  readonly path: string;
  readonly name: string;
}

/** A function, method, accessor or constructor, or one of its overloads. */
export interface Body {
  readonly node: ts.Declaration;
  /** True where a `throw` statement leaves the body. */
  readonly throws: boolean;
  readonly calls: readonly Callee[];
}

/** Lists the functions of a file, overloads under one name. */
export function bodiesOf(
  file: SourceFile,
  config: Config,
): Map<string, Body[]> {
  const tree = parse(file);
  const imported = importedNames(file, tree, config);
  const bodies = new Map<string, Body[]>();

  function add(
    name: string,
    node: ts.Declaration,
    body: ts.Node | undefined,
    className: string | null,
  ): void {
    const calls: Callee[] = [];
    const scan = new Scan(file.path, className, imported, calls);
    if (body !== undefined) scan.visit(body);
    const list = bodies.get(name) ?? [];
    bodies.set(name, [...list, { node, throws: scan.throws, calls }]);
  }

  for (const statement of tree.statements) {
    if (ts.isFunctionDeclaration(statement)) {
      add(statement.name?.text ?? "default", statement, statement.body, null);
    } else if (ts.isClassDeclaration(statement)) {
      const className = statement.name?.text ?? "default";
      for (const member of statement.members) {
        const name = nameOfMember(member);
        if (name === null) continue;
        const { body } = member as ts.MethodDeclaration;
        add(`${className}.${name}`, member, body, className);
      }
    } else if (ts.isVariableStatement(statement)) {
      for (const variable of statement.declarationList.declarations) {
        const { initializer } = variable;
        if (initializer === undefined || !isFunction(initializer)) continue;
        add(variable.name.getText(tree), variable, initializer.body, null);
      }
    }
  }
  return bodies;
}

function nameOfMember(member: ts.ClassElement): string | null {
  if (ts.isConstructorDeclaration(member)) return "constructor";
  return ts.isMethodDeclaration(member) || ts.isAccessor(member)
    ? member.name.getText()
    : null;
}

function isFunction(
  node: ts.Node,
): node is ts.ArrowFunction | ts.FunctionExpression {
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node);
}

/** The names that a file imports, and where each is declared. */
function importedNames(
  file: SourceFile,
  tree: ts.SourceFile,
  config: Config,
): Map<string, Callee> {
  const names = new Map<string, Callee>();
  for (const statement of tree.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const specifier = (statement.moduleSpecifier as ts.StringLiteral).text;
    const path = resolve(file, specifier, config);
    const bindings = statement.importClause?.namedBindings;
    if (path === null || bindings === undefined) continue;
    if (!ts.isNamedImports(bindings)) continue;
    for (const { name, propertyName } of bindings.elements) {
      names.set(name.text, { path, name: (propertyName ?? name).text });
    }
  }
  return names;
}

/** Reads one body for its throws and calls. */
class Scan {
  throws = false;
  readonly #path: string;
  readonly #className: string | null;
  readonly #imported: ReadonlyMap<string, Callee>;
  readonly #calls: Callee[];
  readonly #caught: string[] = [];

  constructor(
    path: string,
    className: string | null,
    imported: ReadonlyMap<string, Callee>,
    calls: Callee[],
  ) {
    this.#path = path;
    this.#className = className;
    this.#imported = imported;
    this.#calls = calls;
  }

  visit(node: ts.Node): void {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return;
    if (ts.isTryStatement(node)) return this.#visitTry(node);
    if (ts.isThrowStatement(node)) this.throws ||= !this.#isRethrow(node);
    if (ts.isCallExpression(node)) this.#call(node.expression);
    if (ts.isNewExpression(node)) this.#construct(node);
    ts.forEachChild(node, (child) => this.visit(child));
  }

  /** What is thrown inside a `try` with a `catch` does not leave the body. */
  #visitTry(node: ts.TryStatement): void {
    const { tryBlock, catchClause, finallyBlock } = node;
    if (catchClause === undefined) {
      this.visit(tryBlock);
    } else {
      this.#caught.push(catchClause.variableDeclaration?.name.getText() ?? "");
      this.visit(catchClause.block);
      this.#caught.pop();
    }
    if (finallyBlock !== undefined) this.visit(finallyBlock);
  }

  /** Passing on what was caught and not understood is no promise to users. */
  #isRethrow(node: ts.ThrowStatement): boolean {
    return this.#caught.includes(node.expression.getText());
  }

  #call(callee: ts.Expression): void {
    if (ts.isIdentifier(callee)) {
      this.#calls.push(this.#declared(callee.text));
    } else if (ts.isPropertyAccessExpression(callee)) {
      const { expression, name } = callee;
      if (expression.kind === ts.SyntaxKind.ThisKeyword) {
        this.#calls.push({
          path: this.#path,
          name: `${this.#className}.${name.text}`,
        });
      } else if (ts.isIdentifier(expression)) {
        const owner = this.#declared(expression.text);
        this.#calls.push({ ...owner, name: `${owner.name}.${name.text}` });
      }
    }
  }

  /** Where nothing is handed in, a constructor has nothing to refuse. */
  #construct(node: ts.NewExpression): void {
    if (!ts.isIdentifier(node.expression) || !node.arguments?.length) return;
    const owner = this.#declared(node.expression.text);
    this.#calls.push({ ...owner, name: `${owner.name}.constructor` });
  }

  #declared(name: string): Callee {
    return this.#imported.get(name) ?? { path: this.#path, name };
  }
}
