# What every command of ./dev stands on: words to the reader, paths, fingerprints, and tidying up at the end.
# shellcheck shell=bash
# shellcheck disable=SC2034  # the paths are for the files that source this one

readonly cargo=${CARGO:-cargo}
readonly target_dir=${CARGO_TARGET_DIR:-target}
readonly state_dir=$target_dir/dev
readonly footage_dir=$target_dir/footage
readonly footage_clip=$footage_dir/big-buck-bunny.mp4
readonly shoal=$target_dir/debug/shoal

if [[ ${CI:-} == true ]]; then
  export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0
  cargo_flags=(--locked)
else
  cargo_flags=()
fi

if [[ -t 2 ]]; then
  readonly bold=$'\e[1m' yellow=$'\e[33m' red=$'\e[31m' plain=$'\e[0m'
else
  readonly bold='' yellow='' red='' plain=''
fi

say() { printf '%s›%s %s\n' "$bold" "$plain" "$*" >&2; }
warn() { printf '%s›%s %s\n' "$yellow" "$plain" "$*" >&2; }
fail() { printf '%s›%s %s\n' "$red" "$plain" "$*" >&2; exit 1; }
have() { type -P "$1" >/dev/null; }

# Parts of a command that all run, whichever of them fails; `finish_parts` ends with the verdict.
parts=()
failed_parts=0

# Runs "$2 …" under the headline $1, in a shell of its own: what it leaves for `at_exit` is tidied up with it.
part() {
  local headline=$1 began=$SECONDS status
  shift
  say "$headline"
  set +e
  (
    set -e
    exit_commands=()
    "$@"
  )
  status=$?
  set -e
  if ((status == 0)); then
    parts+=("passed  $headline ($((SECONDS - began)) s)")
  else
    parts+=("FAILED  $headline ($((SECONDS - began)) s)")
    failed_parts=$((failed_parts + 1))
  fi
  return 0
}

finish_parts() {
  local line
  for line in "${parts[@]}"; do say "$line"; done
  ((failed_parts == 0))
}

# The fingerprint of the contents of all files under the given paths, without what tools put there.
fingerprint() {
  find "$@" \( -name node_modules -o -path 'web/dist*' -o -path web/tests \) -prune -o -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
}

# Whether the file named $1 holds the text $2.
stamped() { [[ -f $1 && $(<"$1") == "$2" ]]; }

stamp() {
  mkdir -p -- "$(dirname -- "$1")"
  printf '%s\n' "$2" >"$1"
}

# A TCP port of loopback that nobody listens on, below the range that the kernel hands out by itself.
free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%s\n' "$port"
      return
    fi
  done
  fail "no free port found on 127.0.0.1"
}

# Commands to run when this script ends, however it ends; the last one given runs first.
exit_commands=()
at_exit() {
  exit_commands=("$1" "${exit_commands[@]}")
  trap run_exit_commands EXIT
  end_on_signals
}
end_on_signals() {
  trap 'exit 130' INT
  trap 'exit 143' TERM
}
run_exit_commands() {
  local status=$? command
  set +e
  trap '' PIPE # whoever read our output may be gone already; the tidying up goes on
  for command in "${exit_commands[@]}"; do eval "$command"; done
  exit "$status"
}
