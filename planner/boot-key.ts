// What a boot key says about itself: the ship it is for. A key file is a noun, jammed and written as a number in base 64
// (@uw); its first atom is the ship. Pure; what it reads never leaves it but for the ship's name.
import type * as UrbitOb from "urbit-ob";
import type { PredicateProblem } from "./predicates";

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-~";
/** Longer than any key, with one private key or many: what is larger is something else. */
const MAX_CHARACTERS = 65_536;

/** The number that text in @uw stands for: base 64 behind `0w`, dots between groups of five. */
function readUw(text: string): bigint | null {
  if (text.length > MAX_CHARACTERS || !text.startsWith("0w")) return null;
  const digits = text.slice(2).replaceAll(".", "");
  if (digits === "" || [...digits].some((d) => !DIGITS.includes(d))) return null;
  const bits = [...digits].map((d) => DIGITS.indexOf(d).toString(2).padStart(6, "0")).join("");
  return BigInt(`0b${bits}`);
}

/** Reads a jammed noun bit by bit, as far as it is asked. */
class Jam {
  private readonly bits: string;
  private at = 0;

  constructor(jammed: bigint) {
    // Lowest bit first.
    this.bits = [...jammed.toString(2)].reverse().join("");
  }

  private bit(): boolean | null {
    if (this.at >= this.bits.length) return null;
    return this.bits[this.at++] === "1";
  }

  private number(length: number): bigint | null {
    const from = this.at;
    this.at += length;
    // Zeros above the highest bit are not written.
    const taken = this.bits.slice(from, this.at);
    return taken === "" ? (length === 0 ? 0n : null) : BigInt(`0b${[...taken].reverse().join("")}`);
  }

  /** True when a cell begins here: its head follows. False for an atom, null for anything else. */
  cell(): boolean | null {
    const tag = this.bit();
    if (tag === null) return null;
    if (!tag) return false;
    return this.bit() === false ? true : null;
  }

  /** The atom whose tag has been read. Its length comes first, and before it that length's own, in ones and zeros. */
  atom(): bigint | null {
    let zeros = 0;
    for (let bit = this.bit(); bit !== true; bit = this.bit()) {
      if (bit === null) return null;
      zeros += 1;
    }
    if (zeros === 0) return 0n;
    const low = this.number(zeros - 1);
    if (low === null) return null;
    const length = 2 ** (zeros - 1) + Number(low);
    return length > this.bits.length ? null : this.number(length);
  }
}

/** The first atom of the noun; with several private keys the noun starts with a cell of its version, and the ship follows. */
function firstShip(jammed: bigint): bigint | null {
  const noun = new Jam(jammed);
  if (noun.cell() !== true) return null;
  const head = noun.cell();
  if (head === false) return noun.atom();
  if (head === null || noun.cell() !== false) return null;
  const version = noun.atom();
  if ((version !== 1n && version !== 2n) || noun.cell() !== false || noun.atom() !== 0n) return null;
  return noun.cell() === true && noun.cell() === false ? noun.atom() : null;
}

/** The @p a boot key is for; null when the text is no key that can be read. */
export function shipOfKey(text: string): string | null {
  const jammed = readUw(text.trim());
  const ship = jammed === null ? null : firstShip(jammed);
  // No ship with a key has more than 64 bits: a longer number is of a damaged key, and may hold part of the private one.
  if (ship === null || ship >= 2n ** 64n) return null;
  // Loaded where a key is looked at only: most plans have none at hand.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const ob = require("urbit-ob") as typeof UrbitOb;
  return ob.patp(ship.toString());
}

/**
 * A key that is another ship's. The runtime refuses it too, but only when the claim says that a first boot was started,
 * which an operator must undo. A key that cannot be read is left to the runtime.
 */
export function foreignKeyProblem(
  ship: { id: string; name: string | null },
  key: string,
  path: string,
): PredicateProblem | null {
  const owner = shipOfKey(key);
  if (owner === null || ship.name === null || owner === ship.name) return null;
  return {
    code: "foreign-key",
    path,
    received: `the key of ${owner}, or a damaged one`,
    accepted: `the key of ${ship.name}`,
    fix: `put the key file of ${ship.name} into this secret`,
  };
}
