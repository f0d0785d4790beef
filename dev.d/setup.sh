# Finds out what the machine lacks, says why it is needed, and installs it with apt-get.
#
# Asks before it uses sudo; as root or in CI it installs without asking. With everything in place it takes
# well under a tenth of a second, so every command can begin with it.
# shellcheck shell=bash

# Each missing thing is one line "package<TAB>why".
missing=()
lacks() { missing+=("$1"$'\t'"$2"); }

ffmpeg_libraries=(libavcodec libavformat libavfilter libavutil libswscale libswresample)

# Fills `missing` with what the purpose $1 ("run" or "test") needs and this machine has not.
find_missing() {
  local library
  missing=()
  have cc || lacks build-essential "the linker, and the C parts of SQLite and of the cryptography"
  have pkg-config || lacks pkg-config "finds FFmpeg's libraries"
  have clang || lacks clang "reads FFmpeg's headers to make the Rust bindings"
  has_libclang || lacks libclang-dev "reads FFmpeg's headers to make the Rust bindings"
  if ! pkg-config --exists "${ffmpeg_libraries[@]}" 2>/dev/null; then
    for library in "${ffmpeg_libraries[@]}"; do
      pkg-config --exists "$library" 2>/dev/null || lacks "$library-dev" "FFmpeg: probing, thumbnails, transcoding"
    done
  fi
  have ffmpeg || lacks ffmpeg "transcodes uploads, inside the media worker's sandbox"
  has_node || lacks nodejs "bundles the player and the other scripts of the pages"
  have npm || lacks npm "fetches hls.js and the other parts of the player"
  [[ -f $footage_clip ]] || has_pip || lacks python3-pip "fetches the demo's footage (without it the demo makes its own clips)"
  [[ $1 == test ]] || return 0
  postgres_bin >/dev/null || lacks postgresql "the tests run on PostgreSQL too, in a throw-away cluster of their own"
  browser_path >/dev/null || lacks chromium "the browser tests"
}

# Where bindgen looks; libclang-cpp is another library.
has_libclang() {
  [[ -n ${LIBCLANG_PATH:-} ]] || compgen -G '/usr/lib/llvm-*/lib/libclang.so*' >/dev/null ||
    compgen -G '/usr/lib/llvm-*/lib/libclang-[0-9]*.so*' >/dev/null || compgen -G '/usr/lib*/libclang.so*' >/dev/null ||
    compgen -G '/usr/lib/*-linux-gnu/libclang-[0-9]*.so*' >/dev/null
}

# Debian 12 has Node 18, which builds the pages; older ones do not run esbuild. The browser tests alone need 20 (Playwright).
has_node() {
  local version
  version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  ((${version%%.*} >= 18))
}

has_pip() { have pip3 || { have python3 && python3 -m pip --version >/dev/null 2>&1; }; }

# The folder of the newest PostgreSQL server programs.
postgres_bin() {
  local folder
  if have initdb; then dirname -- "$(type -P initdb)"; return; fi
  folder=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)
  [[ -n $folder ]] && dirname -- "$folder"
}

browser_path() {
  if [[ -n ${SHOAL_CHROMIUM:-} ]]; then printf '%s\n' "$SHOAL_CHROMIUM"; return; fi
  type -P chromium || type -P chromium-browser || type -P google-chrome-stable || type -P google-chrome
}

setup() {
  local purpose=${1:-run}
  [[ $purpose == run || $purpose == test ]] || fail "setup is for 'run' or 'test', not '$purpose'"
  have "$cargo" || fail "no Rust toolchain found: install one from https://rustup.rs, then run this again"
  find_missing "$purpose"
  ((${#missing[@]})) || return 0
  show_missing
  if ! may_install; then
    ! only_the_footage_is_missing || return 0
    fail "install the above, then run this again; as root: apt-get install --no-install-recommends $(packages)"
  fi
  install_missing
  find_missing "$purpose"
  if have node && ! has_node; then
    fail "Node $(node --version) is too old for the tools of the pages: install Node 18 or newer (nodejs.org), then run this again"
  fi
  ((${#missing[@]} == 0)) || { show_missing; fail "still missing after the installation"; }
}

show_missing() {
  local line
  say "missing on this machine:"
  for line in "${missing[@]}"; do
    printf '    %-20s %s\n' "${line%%$'\t'*}" "${line#*$'\t'}" >&2
  done
}

packages() { printf '%s\n' "${missing[@]}" | cut -f 1 | paste -s -d ' '; }

# The demo can do without it.
only_the_footage_is_missing() { [[ $(packages) == python3-pip ]]; }

may_install() {
  have apt-get || return 1
  ((EUID != 0)) || return 0
  have sudo || return 1
  [[ ${CI:-} == true ]] || ask "install with sudo apt-get?"
}

install_missing() {
  local apt=(apt-get) wanted=()
  if ((EUID != 0)); then apt=(sudo apt-get); fi
  if ((EUID != 0)) && [[ ${CI:-} == true ]]; then apt=(sudo -n apt-get); fi
  export DEBIAN_FRONTEND=noninteractive
  read -r -a wanted <<<"$(packages)"
  say "${apt[*]} install ${wanted[*]}"
  "${apt[@]}" update -qq </dev/null
  # The packagers of newer Node versions ship npm inside nodejs, and theirs conflicts with Debian's npm.
  if [[ $(apt-cache policy nodejs) == *nodesource* ]]; then
    wanted=("${wanted[@]/#npm/nodejs}")
  fi
  "${apt[@]}" install -y -qq --no-install-recommends "${wanted[@]}" </dev/null
}

# Asks a yes-or-no question; without a terminal the answer is no.
ask() {
  local answer
  [[ -t 0 ]] || return 1
  read -r -p "› $1 [Y/n] " answer
  [[ -z $answer || $answer == [yY]* ]]
}
