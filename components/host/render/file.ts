// A file on the host, and the few places everything agrees on.

export interface HostFile {
  path: string;
  /** Octal, as in chmod. */
  mode: string;
  content: string;
}

/** One step of the bootstrap: does nothing when its result is there already. */
export interface HostStep {
  id: string;
  why: string;
  run: string;
}

export const LIB = "/usr/local/lib/roadstead";
export const STATE = "/var/lib/roadstead";
/** Held while piers are worked on. Only root may hold it, unlike what lies in /run/lock. */
export const MAINTENANCE_LOCK = `${STATE}/maintain.lock`;
/** One mark a ship whose pier is worked on: while it is held no start gets through, and whoever was killed left it there. */
export const MARKS = "/run/roadstead/stopped";
/** Where the pier volume is mounted; on an own host a directory may take its place. */
export const PIERS = "/srv/ships";
/** GroundSeg's own base directory, where its volume is mounted. */
export const GROUNDSEG_BASE = "/opt/nativeplanet";

/** A systemd unit. */
export const unit = (name: string, content: string): HostFile => ({
  path: `/etc/systemd/system/${name}`,
  mode: "0644",
  content,
});
