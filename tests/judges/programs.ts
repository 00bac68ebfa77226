// Where run.mjs has put a judge.
export function from(variable: string): string {
  const place = process.env[variable];
  if (!place) throw new Error(`${variable} is not set: run npm run test:judges, which fetches what is missing`);
  return place;
}
