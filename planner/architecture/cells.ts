// Cells: at most 50 ships each, the pilot first, filled before a new one is opened, never emptied by re-planning.
import { MAX_SHIPS_PER_CELL, MAX_SHIPS_STARTED_AT_CREATION } from "../predicates";
import { cellId, cellNumber, stackOfCell } from "./identity";
import type { LockedCell } from "./schema";

/** Ships of the pilot cell of a fleet (design §4.4: 5 to 10, a small fleet is its own pilot). */
export function pilotSize(ships: number): number {
  if (ships <= MAX_SHIPS_STARTED_AT_CREATION) return MAX_SHIPS_STARTED_AT_CREATION;
  return ships < 100 ? 5 : 10;
}

/** Cells a new cluster fleet is cut into: the pilot, then full ones. */
export function cellCount(ships: number): number {
  return 1 + Math.ceil(Math.max(0, ships - pilotSize(ships)) / MAX_SHIPS_PER_CELL);
}

export const CellContent = { Cluster: "cluster", Hosts: "hosts" } as const;
export type CellContent = (typeof CellContent)[keyof typeof CellContent];

interface Slot {
  id: string;
  content: CellContent | null;
  /** Ships the cell takes, whoever comes. */
  limit: number;
  ships: number;
  /** What its hosts could hold; ships of a cluster count as they come. */
  promised: number;
}

export class Cells {
  private readonly slots: Slot[] = [];

  /** `known`: cells recorded already, in any order, with what they hold. */
  constructor(
    private readonly environment: string,
    known: { id: string; content: CellContent | null }[],
    private readonly pilotLimit: number,
  ) {
    for (const { id, content } of [...known].sort((a, b) => cellNumber(a.id) - cellNumber(b.id)))
      this.open(id, content);
  }

  private open(id: string, content: CellContent | null): Slot {
    const limit = id === "c1" ? this.pilotLimit : MAX_SHIPS_PER_CELL;
    const slot = { id, content, limit, ships: 0, promised: 0 };
    this.slots.push(slot);
    return slot;
  }

  has(id: string): boolean {
    return this.slots.some((s) => s.id === id);
  }

  room(id: string): number {
    const slot = this.slots.find((s) => s.id === id);
    return slot ? MAX_SHIPS_PER_CELL - slot.ships : 0;
  }

  /** Counts a ship that has its cell. */
  seat(id: string, content: CellContent): void {
    const slot = this.slots.find((s) => s.id === id) ?? this.open(id, content);
    slot.content ??= content;
    slot.ships += 1;
    if (content === CellContent.Cluster) slot.promised += 1;
  }

  /** Counts a host, or room a new ship will take, that has its cell. */
  promise(id: string, ships: number): void {
    const slot = this.slots.find((s) => s.id === id);
    if (slot) slot.promised += Math.min(ships, MAX_SHIPS_PER_CELL);
  }

  /** The cell new ships go to: the first with room, else a new one. */
  next(content: CellContent, ships = 1): string {
    const need = Math.min(ships, MAX_SHIPS_PER_CELL);
    const free = this.slots.find((s) => (s.content ?? content) === content && s.promised + need <= s.limit);
    if (free) {
      free.content = content;
      return free.id;
    }
    const last = Math.max(0, ...this.slots.map((s) => cellNumber(s.id)));
    return this.open(cellId(last + 1), content).id;
  }

  locked(): LockedCell[] {
    return [...this.slots]
      .sort((a, b) => cellNumber(a.id) - cellNumber(b.id))
      .map(({ id, ships, content }) => ({
        id,
        stack: stackOfCell(this.environment, id),
        pilot: id === "c1",
        ships,
        // A host starts its ships itself when their keys arrive, one by one: there is nothing to park.
        parked: content === CellContent.Cluster && ships > MAX_SHIPS_STARTED_AT_CREATION,
      }));
  }
}
