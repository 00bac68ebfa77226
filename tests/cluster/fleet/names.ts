// Fake ships with valid names: nobody's points, since fake ships talk to nobody.
import * as ob from "urbit-ob";

const { patp } = ob as unknown as { patp(point: string): string };
const FIRST_PLANET = 65_536;

/** The nth planet. */
export const planet = (n: number): string => patp(String(FIRST_PLANET + n));

/** The nth moon of the planet with that number. */
export const moon = (n: number, of: number): string => patp(String((BigInt(n) << 32n) + BigInt(FIRST_PLANET + of)));
