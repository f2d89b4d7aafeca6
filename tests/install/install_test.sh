#!/bin/bash
# Installs a built tree into a prefix, moves that elsewhere, and uses it as others would: from C with pkg-config, from
# C++ with CMake. install_test.sh BUILD-TREE WORK-DIRECTORY; CMAKE, CC, CXX, LIBDIR and VERSION come in the environment.
set -eu -o pipefail
tree=$1 work=$2 here=$(dirname "$(readlink -f "$0")")
fail() { echo "install_test: $*"; exit 1; }

rm -rf "$work"
mkdir -p "$work"
"$CMAKE" --install "$tree" --prefix "$work/staged" >"$work/install.log"
prefix=$work/moved
mv "$work/staged" "$prefix"
lib=$prefix/$LIBDIR

exported=$(nm -D --defined-only "$lib/libpinion.so" | awk '{ print $3 }')
grep -qx pn_version <<<"$exported" || fail "libpinion.so does not export pn_version"
# gdb finds compiled code by these two names (debug_info.cpp).
! grep -vE '^pn_|^__jit_debug_(descriptor|register_code)$' <<<"$exported" || fail "libpinion.so exports more than the C API"

export PKG_CONFIG_PATH=$lib/pkgconfig
[[ $(pkg-config --modversion pinion) == "$VERSION" ]] || fail "pinion.pc has another version than $VERSION"
"$CC" -std=c11 -Wall -Wextra -Werror -pedantic $(pkg-config --cflags pinion) "$here/consumer/program.c" \
  $(pkg-config --libs pinion) -o "$work/c_program"
printed=$(LD_LIBRARY_PATH=$lib "$work/c_program")
[[ $printed == "$VERSION 1024 123" ]] || fail "the C program prints '$printed', not '$VERSION 1024 123'"

"$CMAKE" -S "$here/consumer" -B "$work/cmake" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$CXX" \
  -DPINION_VERSION="$VERSION" >"$work/cmake.log" || { cat "$work/cmake.log"; fail "find_package(pinion) failed"; }
"$CMAKE" --build "$work/cmake" >"$work/build.log" || { cat "$work/build.log"; fail "the C++ program does not build"; }
printed=$("$work/cmake/program")
[[ $printed == "$VERSION 1024" ]] || fail "the C++ program prints '$printed', not '$VERSION 1024'"

[[ $("$prefix/bin/pinion" --version) == "pinion $VERSION" ]] || fail "the installed command is not version $VERSION"
