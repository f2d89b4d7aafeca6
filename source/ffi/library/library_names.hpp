// From the name somebody wrote to the names that are tried: the one place that knows the sequence.
//
//   name as given                 tried, in this order
//   "" (the running process)      ""
//   "/a/libm.so", "./libm.so"     as given: a path means one file
//   "libm.so.6"                   as given
//   "libm.so"                     as given, then the versions libm.so.N
//   "libm"                        as given, libm.so, then the versions libm.so.N
//   "m"                           as given, libm.so, then the versions libm.so.N
//
// The versions are those found in the loader's directories: the link without a version is part of development packages
// and often missing, and libm.so and libc.so of glibc are text for the linker, which the loader refuses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pinion {

struct LibraryNames {
  std::vector<std::string> plain;  // names for the loader, in order
  std::string versioned;           // "libm.so", when its versions are to be tried after them; otherwise empty
};

LibraryNames library_names(std::string_view name);

// The files STEM.N, STEM.N.N and so on in the directories, the best first: the higher major version, then the shorter
// name (the soname is the shorter of libz.so.1 and libz.so.1.2.13), then the higher rest, then the earlier directory.
std::vector<std::string> find_versions(const std::string& stem, const std::vector<std::string>& directories);

}  // namespace pinion
