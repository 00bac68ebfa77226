// A fault the compiler refuses shows nothing about the tests: each mutant must type-check like the source it replaces.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { broken } from "./copy.mjs";

/** What the compiler says about each fault it refuses, by the fault's id. One program, one file of it exchanged at a time. */
export function refusedByCompiler(dir, faults) {
  const config = ts.readConfigFile(join(dir, "tsconfig.build.json"), ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config.config, ts.sys, dir);
  const changed = new Map();
  let version = 0;
  const service = ts.createLanguageService({
    ...ts.sys,
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    getCompilationSettings: () => options,
    getScriptFileNames: () => fileNames,
    getScriptVersion: (file) => changed.get(file)?.version ?? "0",
    getScriptSnapshot: (file) => {
      const text = changed.get(file)?.text ?? ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => dir,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  });
  const refused = new Map();
  for (const fault of faults) {
    const file = join(dir, fault.file);
    const source = readFileSync(file, "utf8");
    changed.set(file, { version: String(++version), text: broken(source, fault) });
    const found = [...service.getSyntacticDiagnostics(file), ...service.getSemanticDiagnostics(file)];
    if (found.length > 0) refused.set(fault.id, ts.flattenDiagnosticMessageText(found[0].messageText, "\n"));
    changed.set(file, { version: String(++version), text: source });
  }
  return refused;
}
