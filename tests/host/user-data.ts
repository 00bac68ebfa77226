// What cloud-init's own schema lets through and then ignores, or does wrong.
import { parseDocument } from "yaml";

const TOP = ["hostname", "manage_etc_hosts", "users", "disable_root", "ssh_pwauth", "write_files", "runcmd"];
const USER = ["name", "shell", "lock_passwd", "ssh_authorized_keys"];
const FILE = ["path", "permissions", "content", "owner", "encoding"];
/** Places that are gone, not there yet, or somebody else's when cloud-init writes files. */
const TRANSIENT = /^\/(run|tmp|var\/run|var\/tmp|proc|sys|dev|srv|opt\/nativeplanet)(\/|$)/;

type Plain = Record<string, unknown>;

export function strictProblems(userData: string): string[] {
  const out: string[] = [];
  if (!userData.startsWith("#cloud-config\n")) out.push("the first line is not #cloud-config");
  // cloud-init reads YAML 1.1: what is a word to one and a boolean or number to the other must be quoted.
  const newer = parseDocument(userData, { version: "1.2", uniqueKeys: true });
  const older = parseDocument(userData, { version: "1.1", uniqueKeys: true });
  for (const error of [...newer.errors, ...older.errors]) out.push(error.message);
  const doc = newer.toJS() as Plain;
  if (JSON.stringify(doc) !== JSON.stringify(older.toJS())) out.push("YAML 1.1 and 1.2 read it differently");
  const known = (at: string, value: Plain, keys: string[]) => {
    for (const key of Object.keys(value)) if (!keys.includes(key)) out.push(`${at}: unknown key ${key}`);
  };
  known("user-data", doc, TOP);
  if (doc["ssh_pwauth"] !== false) out.push("ssh_pwauth is not false");
  if (doc["disable_root"] !== true) out.push("disable_root is not true");
  for (const user of doc["users"] as Plain[]) {
    known(`user ${String(user["name"])}`, user, USER);
    if (user["lock_passwd"] !== true) out.push(`user ${String(user["name"])}: its password is not locked`);
  }
  const paths = new Set<string>();
  for (const file of doc["write_files"] as Plain[]) {
    const path = String(file["path"]);
    known(path, file, FILE);
    if (paths.has(path)) out.push(`${path}: written twice`);
    paths.add(path);
    if (!/^\/[^\s]*$/.test(path) || path.includes("/../")) out.push(`${path}: not an absolute path`);
    if (TRANSIENT.test(path)) out.push(`${path}: not there to stay when files are written`);
    if (typeof file["permissions"] !== "string" || !/^0[0-7]{3}$/.test(file["permissions"]))
      out.push(`${path}: permissions ${JSON.stringify(file["permissions"])} are not a string of four octal digits`);
    else if (parseInt(file["permissions"], 8) & 0o022) out.push(`${path}: others may write it`);
    if (typeof file["content"] !== "string") out.push(`${path}: its content is not text`);
    else if (!file["content"].endsWith("\n")) out.push(`${path}: its last line is not ended`);
    // The users that packages make are not there yet: such a file fails the whole module.
    if (file["owner"] !== undefined && file["owner"] !== "root:root")
      out.push(`${path}: owner ${String(file["owner"])}`);
  }
  for (const command of doc["runcmd"] as unknown[])
    if (!Array.isArray(command) || !command.every((part) => typeof part === "string"))
      out.push(`runcmd: ${JSON.stringify(command)} is not a list of words`);
  return out;
}
