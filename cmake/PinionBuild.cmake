# How everything in the tree is compiled, and the one way a module of the engine is declared.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)   # every module ends up in libpinion.so
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
include(GNUInstallDirs)   # CMAKE_INSTALL_LIBDIR and its kin

find_program(PINION_CCACHE ccache DOC "Compiler cache, used when there is one")
if(PINION_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${PINION_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PINION_CCACHE})
endif()

set(PINION_SANITIZE "" CACHE STRING "Sanitizers to build with, as for -fsanitize= (address,undefined or thread)")

# Warnings, for our targets only (interface target, linked privately).
add_library(pinion_options INTERFACE)
target_compile_options(pinion_options INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wpedantic -Wno-missing-field-initializers
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi>
  # __int128 is part of what we marshal.
  -Wno-pedantic -fno-omit-frame-pointer)
if(PINION_SANITIZE)
  add_compile_options(-fsanitize=${PINION_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${PINION_SANITIZE})
endif()

if(PINION_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)   # what is fuzzed reports its coverage
endif()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(asmjit REQUIRED)
if(PINION_TESTS OR NOT DEFINED PINION_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

# pinion_test(NAME SOURCES file... [LIBRARIES target...])
#
# Declares the GoogleTest program NAME_test; ctest knows each of its tests as NAME.SUITE.TEST.
function(pinion_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${ARG_LIBRARIES} pinion_options GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name}_test TEST_PREFIX "${name}." NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60)
endfunction()

# pinion_module(NAME [DEPENDS module...] [LIBRARIES target...])
#
# Declares the static library pinion_NAME from the sources of the current directory, and, from its *_test.cpp files,
# the GoogleTest program NAME_test. DEPENDS names the modules it stands on: nothing else of the engine can be included
# by accident only because the dependency graph here says so; it must follow DESIGN.md section 2.
function(pinion_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp *.S)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cpp)
  file(GLOB fuzzers CONFIGURE_DEPENDS *_fuzz.cpp)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  if(fuzzers)
    list(REMOVE_ITEM sources ${fuzzers})
  endif()
  list(TRANSFORM ARG_DEPENDS PREPEND pinion_)
  if(sources)
    add_library(pinion_${name} STATIC ${sources})
    target_link_libraries(pinion_${name} PRIVATE pinion_options)
    set(visibility PUBLIC)
    set_property(GLOBAL APPEND PROPERTY PINION_MODULES pinion_${name})   # what libpinion.so is made of, and links
    set_property(GLOBAL APPEND PROPERTY PINION_LIBRARIES ${ARG_LIBRARIES})
  else()
    add_library(pinion_${name} INTERFACE)   # headers only, or nothing yet
    set(visibility INTERFACE)
  endif()
  target_include_directories(pinion_${name} ${visibility} ${PROJECT_SOURCE_DIR}/source ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(pinion_${name} ${visibility} ${ARG_DEPENDS} ${ARG_LIBRARIES} fmt::fmt)
  if(tests AND PINION_TESTS)
    pinion_test(${name} SOURCES ${tests} LIBRARIES pinion_${name})
  endif()
  if(fuzzers AND PINION_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(target ${fuzzer} NAME_WE)
      add_executable(${target} ${fuzzer})
      target_link_libraries(${target} PRIVATE pinion_${name} pinion_options)
      target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()
