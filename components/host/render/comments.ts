// Files as a host gets them: user-data is short of room, and what comments and indentation say is said here, in the source.
import type { HostFile } from "./file";

/** All these formats know such a line for a comment. */
const WHOLE_LINE = /^\s*# (?!Usage|shellcheck|MISSING)/;
/** Behind code, and surely no part of it: what follows the sign holds no quote that could end a string. */
const BEHIND = /[ \t]+# [A-Za-z][^"'`]*$/;

/**
 * The same file without its comments, but for how it is called, what was not given, and what shellcheck is told. A shell script is
 * not indented either: no text in it may span lines that are.
 */
export function withoutComments(file: HostFile): HostFile {
  const shell = file.content.startsWith("#!/bin/sh\n");
  const lines = file.content.split("\n").filter((line) => !WHOLE_LINE.test(line));
  return { ...file, content: lines.map((l) => (shell ? bare(l) : l)).join("\n") };
}

const bare = (line: string): string => line.trimStart().replace(/^[^#].*/, (l) => l.replace(BEHIND, ""));
