// What the scripts of a ship's pod agree on: where things lie, and what counts as a pier. POSIX sh; they are run for real by
// tests/components/fleet. Paths can be moved by ROADSTEAD_* variables, which only the tests set.

export const POD_LAYOUT = `volume=\${ROADSTEAD_VOLUME:-/urbit}
run=\${ROADSTEAD_RUN:-/run/roadstead}
pier=$volume/pier

has_pier() { [ -d "$pier/.urb/log" ]; }
`;
