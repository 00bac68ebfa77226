// urbit-ob 5 ships no types; these are the functions used here.
declare module "urbit-ob" {
  export function isValidPatp(name: string): boolean;
  export function clan(name: string): string;
  export function patp(decimal: string): string;
  export function patp2dec(name: string): string;
  export function sein(name: string): string;
}
