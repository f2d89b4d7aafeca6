#include "pinion/version.h"

#include <string_view>

// The headers state the version for their users, the build states it for packages: they must agree.
static_assert(std::string_view(PN_VERSION) == PINION_PROJECT_VERSION, "version.h and project(VERSION) differ");

const char* pn_version() {
  return PN_VERSION;
}
