// What cannot go on: a report on standard error that names the thread, then abort().
#pragma once

#include <string_view>

#include "ffi/threads/owner_word.hpp"

namespace pinion::threads {

// "pinion: thread 'worker' (tag 7) <what>."
[[noreturn]] void fatal(Tag tag, std::string_view what);

}  // namespace pinion::threads
