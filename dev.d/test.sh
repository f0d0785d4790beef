# Every test: the scripts of the pages, Rust on SQLite, Rust on PostgreSQL, and the demo network in a browser.
#
# All parts run even when one fails; the last line adds up the tests of all of them.
# shellcheck shell=bash

# shellcheck source=dev.d/footage.sh
source dev.d/footage.sh
# shellcheck source=dev.d/postgres.sh
source dev.d/postgres.sh
# shellcheck source=dev.d/browser.sh
source dev.d/browser.sh

# The crates that never touch a database; the others are tested on both.
readonly databaseless=(federation p2p media)

run_tests() {
  local filter=() only=${1:-}
  if [[ $only == --* && $only != --browser ]]; then fail "test does not know '$only'"; fi
  if [[ -n $only && $only != --browser ]]; then filter=("$@"); fi
  end_on_signals
  setup test
  fetch_footage
  mkdir -p -- "$state_dir"
  test_log=$(mktemp "$state_dir/test.XXXXXX")
  at_exit 'rm -f -- "$test_log"'
  export SHOAL_BIN=$PWD/$shoal SHOAL_FOOTAGE=$PWD/$footage_dir
  if [[ $only == --browser ]]; then
    build_web
    build_binary
    part "in a browser" counted test_in_browser
  else
    build_web
    [[ -n $only ]] || part "scripts of the pages" counted test_pages
    say "building everything"
    "$cargo" build --workspace --all-targets --quiet "${cargo_flags[@]}"
    part "Rust on SQLite" counted test_rust "${filter[@]}"
    part "Rust on PostgreSQL" counted test_rust_on_postgres "${filter[@]}"
    [[ -n $only ]] || part "in a browser" counted test_in_browser
  fi
  local verdict=0
  finish_parts || verdict=1
  add_up "$failed_parts" <"$test_log"
  return "$verdict"
}

# Runs a part of the tests and keeps a copy of what it prints, to add up at the end.
counted() { "$@" 2>&1 | tee -ia "$test_log"; }

# Reads what nextest, cargo test and node print about their tests, and prints the totals. A part that failed without
# a test to blame (it did not compile, it hung) counts as one; $1 is how many parts failed.
add_up() {
  sed 's/\x1b\[[0-9;]*m//g' | awk -v failed_parts="$1" '
    / tests? run: /  { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) passed += $(i - 1); if ($i ~ /^(failed|timed|exec)/) failed += $(i - 1) } }
    /^test result: / { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) passed += $(i - 1); if ($i ~ /^failed/) failed += $(i - 1) } }
    /^(#|ℹ) pass [0-9]+$/ { passed += $3 }
    /^(#|ℹ) fail [0-9]+$/ { failed += $3 }
    END { if (failed < failed_parts) failed = failed_parts
          printf "%d passed, %d failed\n", passed, failed }'
}

test_pages() {
  install_node_packages web
  cd web
  npm run check
  npm test
}

test_rust() {
  if has_nextest; then
    "$cargo" nextest run --workspace --no-tests=pass "${cargo_flags[@]}" "$@"
  else
    "$cargo" test --workspace --all-targets --no-fail-fast "${cargo_flags[@]}" -- "$@"
  fi
  "$cargo" test --workspace --doc --quiet --no-fail-fast "${cargo_flags[@]}" -- "$@"
}

test_rust_on_postgres() {
  start_postgres
  export SHOAL_TEST_POSTGRES_URL=$postgres_url
  if has_nextest; then
    local expression=none'()' crate
    for crate in "${databaseless[@]}"; do expression+=" + package($crate)"; done
    "$cargo" nextest run --workspace --no-tests=pass -E "not ($expression)" "${cargo_flags[@]}" "$@"
  else
    "$cargo" test --workspace --all-targets --no-fail-fast "${databaseless[@]/#/--exclude=}" "${cargo_flags[@]}" -- "$@"
  fi
}

has_nextest() { "$cargo" nextest --version >/dev/null 2>&1; }
