// Named places in the ownership protocol where a test can hold, delay or fail a thread (tests/threads). In every other
// build they are nothing at all.
#pragma once

#ifdef PINION_SCHEDULE_POINTS
namespace pinion::threads {
void schedule_point(const char* name);  // defined by the test
bool injected_failure(const char* name);
}  // namespace pinion::threads
#define PINION_SCHEDULE_POINT(name) ::pinion::threads::schedule_point(name)
#define PINION_INJECTED_FAILURE(name) ::pinion::threads::injected_failure(name)
#else
#define PINION_SCHEDULE_POINT(name) static_cast<void>(0)
#define PINION_INJECTED_FAILURE(name) false
#endif
