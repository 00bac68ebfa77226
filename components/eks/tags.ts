// Every resource shows a name in AWS's own lists, beside the tags its component was given.

export function tagged(args: { tags?: Record<string, string> }, displayName: string): Record<string, string> {
  return { Name: displayName, ...args.tags };
}
