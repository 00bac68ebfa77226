// How a watch tells what it found: its unit fails, whoever logs in reads it, and /etc/roadstead/alarm, a program of yours, is told
// of each change.

/**
 * The end of a script that has `root`, `notice`, `told`, and in `said` what is wrong. `passing` is what of its words may change without
 * being news; `good` is what is told when nothing is wrong any more.
 */
export const alarm = (passing: string, good: string): string => `level=$(echo "$said" | sed 's/${passing}//g')
if [ "$level" != "$(cat "$told" 2>/dev/null || true)" ]; then
  alarm=$root/etc/roadstead/alarm
  if [ ! -x "$alarm" ] || "$alarm" "$(hostname): \${said:-${good}}"; then
    echo "$level" >"$told"
  else # told again the next time
    echo "<3>roadstead: $alarm failed: nobody was told" >&2
  fi
fi
if [ -z "$said" ]; then
  rm -f "$notice"
  exit 0
fi
mkdir -p "$(dirname "$notice")"
echo "roadstead: $said" >"$notice"
echo "<2>roadstead: $said" >&2
exit 1`;
