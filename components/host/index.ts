export { HostFoundation, type HostFoundationArgs } from "./foundation";
export { type HostPlaceArgs, type SharedHostInputs } from "./args";
export { bareMetalHostArgs, groundSegHostArgs, vpsPlanetArgs, type FromLockOptions } from "./from-lock";
export {
  HostArch,
  HostProvider,
  ProviderBackups,
  VolumeKey,
  type HostAccess,
  type HostBackup,
  type HostShip,
  type PinnedBinary,
  type TangServer,
} from "./render";
