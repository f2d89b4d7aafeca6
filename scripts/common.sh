# What ./run and ./test share: installing packages, configuring and building. Sourced by bash, in the root of the tree.
# Everything here writes to standard error, and does nothing, quickly, when there is nothing to do.

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# The names in scripts/packages.txt that are not installed.
missing_packages() {
  local wanted installed
  wanted=$(sed -e 's/#.*//' -e '/^ *$/d' scripts/packages.txt)
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p')
  comm -23 <(sort <<<"$wanted") <(sort <<<"$installed")
}

install_packages() {
  command -v dpkg-query >/dev/null || return 0   # not Debian: the compiler will say what it misses
  local missing as_root=()
  missing=$(missing_packages | tr '\n' ' ')
  [[ -z $missing ]] && return
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null ||
      die "These Debian packages are missing, and neither root's rights nor sudo are at hand to install them: $missing"
    as_root=(sudo)
  fi
  say "Installing: $missing"
  mkdir -p build
  { "${as_root[@]}" apt-get -q update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 install $missing; } >build/install.log 2>&1 ||
    { tail -n 30 build/install.log >&2; die "apt-get could not install: $missing"; }
}

# configure PRESET: only when there is no usable build tree yet, or the presets changed; Ninja sees to all else.
configure() {
  local ninja_file=build/$1/build.ninja log=build/$1/configure.log
  [[ -f $ninja_file && ! CMakePresets.json -nt $ninja_file ]] && return
  say "Configuring build/$1"
  mkdir -p "build/$1"
  cmake --preset "$1" >"$log" 2>&1 || { cat "$log" >&2; die "cmake could not configure the preset $1."; }
  touch "$ninja_file"
}

# build PRESET TARGET...: shows Ninja's progress, which is nothing when all is up to date. One at a time in a tree.
build() {
  local tree=build/$1 noise='^-- |Entering directory|Re-checking globbed directories|no work to do\.'
  shift
  flock -o "$tree/.lock" ninja -C "$tree" -k 8 "$@" 2>&1 | grep --line-buffered -vE "$noise" >&2
  [[ ${PIPESTATUS[0]} == 0 ]] || die "The build in $tree failed."
}
