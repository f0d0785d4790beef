# The browser tests: the demo network from the built binary on free ports, and a real browser in front of it.
# shellcheck shell=bash

# No file of tests takes longer; one that does hangs, and has failed.
readonly browser_file_seconds=300

test_in_browser() {
  local file failed=0
  install_node_packages tests/browser
  start_demo_network
  SHOAL_CHROMIUM=$(browser_path)
  export SHOAL_CHROMIUM
  # One after the other, in the order of their names: a later one may stop a server.
  for file in tests/browser/*.test.mjs; do
    timeout --foreground --kill-after 10 "$browser_file_seconds" node --test --test-reporter spec "$file" || failed=1
  done
  ((failed == 0))
}

# Starts the three servers on a fresh folder, waits until all is published, mirrored and indexed, and exports
# where they are.
start_demo_network() {
  local ready=()
  demo_dir=$(mktemp -d "${TMPDIR:-/tmp}/shoal-demo.XXXXXX")
  at_exit 'rm -rf -- "$demo_dir"'
  "$shoal" demo --data "$demo_dir/data" --footage "$footage_dir" --ports "$(free_port),$(free_port),$(free_port)" \
    --ready-file "$demo_dir/ready.json" >"$demo_dir/log" 2>&1 </dev/null &
  demo_pid=$!
  at_exit 'stop_demo_network'
  await_demo_network 600
  mapfile -t ready < <(node -p '
    const { alpha, beta, search } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    [alpha.url, alpha.pid, beta.url, search.url].join("\n")' "$demo_dir/ready.json")
  ((${#ready[@]} == 4)) || fail "the demo network's ready file is not what was expected: $(<"$demo_dir/ready.json")"
  export SHOAL_ALPHA=${ready[0]} SHOAL_ALPHA_PID=${ready[1]} SHOAL_BETA=${ready[2]} SHOAL_SEARCH=${ready[3]}
}

# Waits at most $1 seconds for the demo network to say that it is ready.
await_demo_network() {
  local deadline=$((SECONDS + $1))
  until [[ -s $demo_dir/ready.json ]]; do
    if ! kill -0 "$demo_pid" 2>/dev/null || ((SECONDS > deadline)); then
      tail -n 50 "$demo_dir/log" >&2
      fail "the demo network did not get ready; the end of its log is above"
    fi
    sleep 0.2
  done
}

stop_demo_network() {
  kill -TERM "$demo_pid" 2>/dev/null
  wait "$demo_pid" 2>/dev/null
}
