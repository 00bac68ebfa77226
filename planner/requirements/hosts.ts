// Wishes for hosts, rented or one's own, that hold for all of them.
import { z } from "zod";
import { TANG_THUMBPRINT, TANG_URL, VOLUME_KEYS } from "../volume-key";
import { secretName } from "./fields";

const tangServer = z.strictObject({
  url: z
    .string()
    .regex(TANG_URL, "an http address such as http://tang-1.example.com")
    .describe("The server's address, as the hosts reach it."),
  thumbprint: z
    .string()
    .regex(TANG_THUMBPRINT, "27 or 43 characters, as tang-show-keys prints them")
    .describe("What `tang-show-keys` prints on the server: it is known by this, whoever answers at the address."),
});

export const hostsSchema = z
  .strictObject({
    volumeKey: z
      .enum(VOLUME_KEYS)
      .optional()
      .describe(
        "Who keeps the key of an encrypted pier volume at DigitalOcean or on a disk of an own host: basic (a file on the root disk, opens by itself), tang (asked of servers of yours at every boot), operator (you alone: the ships wait for you after every boot). Default basic. It is fixed once the host is made; AWS encrypts with the account's KMS instead.",
      ),
    tang: z
      .array(tangServer)
      .min(1)
      .max(8)
      .optional()
      .describe("The tang servers, with volumeKey tang: all must answer when a host boots. Two, of different owners."),
    groundseg: z
      .strictObject({
        password: z
          .strictObject({ secret: secretName })
          .describe(
            "Where the password of GroundSeg's page is: the name of a Pulumi config secret, 12 characters or more.",
          ),
      })
      .optional()
      .describe("For GroundSeg hosts, which do not start GroundSeg before it has its password."),
    providerBackups: z
      .enum(["none", "weekly", "daily"])
      .optional()
      .describe(
        "DigitalOcean's own backups of a droplet's root disk. They leave out the pier volume, and with volumeKey basic hold the key to it. Default none.",
      ),
    claimRegion: z
      .string()
      .regex(/^[a-z0-9-]{2,32}$/, "a provider's own region name, such as us-east-1 or nyc3")
      .optional()
      .describe(
        "The one region of the account that holds the claims of its ships, wherever they are: a second stack that declares the same ship is refused there. Default: the hosts' own region. It is fixed once a ship is claimed.",
      ),
  })
  .optional()
  .describe("Wishes for hosts. A cluster takes none of them.");
export type HostWishes = NonNullable<z.infer<typeof hostsSchema>>;
