// What a second region costs on AWS while nothing runs there.
import { Bill, type Context } from "../draft";
import { ACCESS_LOG_GB, SNAPSHOT_GB_PER_SHIP } from "./machines";

/** A second region holds copies of snapshots and of the bucket. */
export function secondRegionLines(context: Context, bill: Bill): void {
  const N = context.requirements.ships.count;
  const dr = context.requirements.regions.dr;
  if (dr === undefined) return;
  const there = new Bill(context, "aws", dr);
  there
    .add(`snapshot copies in ${dr}`, "per-ship", SNAPSHOT_GB_PER_SHIP * N, "GB-month", "ebsSnapshot", {
      low: 8 * N,
      high: 27 * N,
      driver: "how much of the piers changes between snapshots",
      resources: ["aws:dlm/lifecyclePolicy:LifecyclePolicy"],
    })
    .add(`bucket replica in ${dr}`, "per-ship", 5 * N, "GB-month", "s3StandardIa", {
      low: 0,
      high: 8 * N,
      driver: "exports kept, 0 to 8 GB a ship",
      resources: ["aws:s3/bucket:Bucket"],
    })
    .add(`access logs in ${dr}`, "usage", ACCESS_LOG_GB, "GB-month", "s3Standard", {
      low: 0,
      high: 10 * ACCESS_LOG_GB,
      driver: "how often the bucket is asked",
      resources: ["aws:s3/bucket:Bucket"],
    })
    .add(`KMS key in ${dr}`, "fixed", 1, "month", "kmsKey", { resources: ["aws:kms/key:Key"] });
  bill.lines.push(...there.lines);
  bill.add(`transfer to ${dr}`, "usage", 2.8 * N, "GB", "interRegionFromUsEast1", {
    low: N,
    high: 10 * N,
    driver: "changed data copied, 1 to 10 GB a ship",
  });
}
