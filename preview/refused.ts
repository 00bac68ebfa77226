// A component or host that refuses what it is given: a fault of the input, to be told apart from a bug.
import { InputPropertiesError, RunError } from "@pulumi/pulumi/errors";
import { HostRefused } from "../components/host/render/rendered";

/** What was to be previewed cannot be built; the message lists every problem of the part that refused. */
export class PreviewRefused extends Error {
  constructor(message: string, options: { cause: unknown }) {
    super(message, options);
    this.name = "PreviewRefused";
  }
}

/** The error as the caller should see it: a refusal as such, anything else unchanged. */
export function asRefusal(error: unknown): unknown {
  const refused = RunError.isInstance(error) || InputPropertiesError.isInstance(error) || error instanceof HostRefused;
  return refused ? new PreviewRefused(error.message, { cause: error }) : error;
}
