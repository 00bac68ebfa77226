// `roadstead:hostKeys` of a stack file: the SSH keys that hosts are recognised by, by host name. No Pulumi here.
import { hostKeyProblem, howToGetHostKey } from "../components/host/render/delivery";

export interface HostKeys {
  keys: Record<string, string>;
  /** One line each: file, path, received, accepted, what to do. */
  problems: string[];
}

/** `value` gives what the file holds, and throws where that is no JSON. */
export function readHostKeys(value: () => unknown, file: string): HostKeys {
  const path = `${file}: config.roadstead:hostKeys`;
  const how = `A host's key is what this prints: ${howToGetHostKey("ADDRESS")}`;
  const recorded = asObject(value);
  if (recorded === null)
    return {
      keys: {},
      problems: [`${path}: received something else; accepted: an object of host names and public SSH keys`, how],
    };
  const keys: Record<string, string> = {};
  const problems: string[] = [];
  for (const [host, key] of Object.entries(recorded)) {
    const wrong = typeof key === "string" ? hostKeyProblem(key) : "not text";
    if (wrong === null) keys[host] = (key as string).trim();
    else problems.push(`${path}.${host}: received: ${wrong}; accepted: the host's public ed25519 or ecdsa key`);
  }
  return { keys, problems: problems.length > 0 ? [...problems, how] : [] };
}

function asObject(value: () => unknown): object | null {
  try {
    const read = value() ?? {};
    return typeof read === "object" && !Array.isArray(read) ? read : null;
  } catch {
    return null;
  }
}
