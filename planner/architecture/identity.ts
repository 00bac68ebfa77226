// The names a lock gives: stable, short enough for a Kubernetes object, and the same on every machine.
import { createHash } from "node:crypto";
import type { EnvironmentName } from "../requirements/schema";

/** StatefulSet pod names get a suffix and DNS labels end at 63: ids stop here (design §4.1). */
const MAX_ID = 52;
const TAIL = 10;
const PLACEHOLDER = /^unnamed-(\d{4,5})$/;

const hex = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A named ship's id: nickname, or the @p without its sig, with a hash for a tail where it is too long. */
export function shipId(ship: { name: string | null; nickname: string | null }): string {
  const plain = ship.nickname ?? (ship.name ?? "").replace(/^~/, "");
  if (plain.length <= MAX_ID) return plain;
  return `${plain.slice(0, MAX_ID - TAIL - 1).replace(/-+$/, "")}-${hex(plain).slice(0, TAIL)}`;
}

/** Id of a ship planned by count. */
export const placeholderId = (n: number): string => `unnamed-${String(n).padStart(4, "0")}`;
export const isPlaceholder = (id: string): boolean => PLACEHOLDER.test(id);
export const placeholderNumber = (id: string): number => Number(PLACEHOLDER.exec(id)?.[1] ?? NaN);

/** Opaque, since DNS shows namespace names to every pod; stable, since a namespace cannot be renamed. */
export const tenantId = (environment: EnvironmentName, customer: string): string =>
  `t-${hex(JSON.stringify([environment, customer])).slice(0, 10)}`;

export const cellId = (n: number): string => `c${n}`;
export const cellNumber = (id: string): number => Number(id.slice(1));

/** The first cell lives in the environment's own stack, each further one in a stack of its own. */
export const stackOfCell = (environment: string, cell: string): string =>
  cell === "c1" ? environment : `${environment}-${cell}`;

/** Whether a stack belongs to an environment: the platform stack or one of its cells. */
export const isStackOf = (environment: string, stack: string): boolean =>
  stack === environment || new RegExp(`^${environment}-c([2-9]|[1-9][0-9]+)$`).test(stack);
