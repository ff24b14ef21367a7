# One library a folder. The include root is the repository, so `#include "worker/ops/rope.h"` reads the same everywhere;
# DEPS are the folder's arrows, and tests/include_arrows_test checks the includes against them.

set(ROPEWALK_WARNINGS -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wno-psabi)

# What the sanitizer builds build: the unit tests, and with them the tests that use gRPC.
add_custom_target(unit_tests)
add_custom_target(sanitized_tests)

# ropewalk_library(NAME SOURCES... DEPS targets... PRECOMPILE headers...)
# PRECOMPILE names large foreign or generated headers that many of the sources include; each source still includes what it uses
# (the tidy preset builds without precompiled headers, and so sees to it).
function(ropewalk_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRECOMPILE" ${ARGN})
  add_library(ropewalk_${name} STATIC ${ARG_SOURCES})
  add_library(ropewalk::${name} ALIAS ropewalk_${name})
  target_include_directories(ropewalk_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_compile_options(ropewalk_${name} PRIVATE ${ROPEWALK_WARNINGS})
  target_link_libraries(ropewalk_${name} PUBLIC ${ARG_DEPS})
  if(ARG_PRECOMPILE)
    target_precompile_headers(ropewalk_${name} PRIVATE ${ARG_PRECOMPILE})
  endif()
endfunction()

# ropewalk_binary(NAME SOURCES... DEPS targets...)
function(ropewalk_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE ${ROPEWALK_WARNINGS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
endfunction()

# ropewalk_test(NAME SOURCES... DEPS targets... LABELS labels... TIMEOUT seconds): one gtest executable, one ctest.
# Label `unit` runs under every sanitizer; `serial` (no threads but OpenMP's, of which there is one
# under TSan) and `grpc` (libgrpc or libcurl inside) are left out under TSan; `cluster` starts processes;
# `stores` starts servers of others, or needs the libraries that talk to them, which no sanitizer build shall wait for.
function(ropewalk_test name)
  if(NOT ROPEWALK_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE ${ROPEWALK_WARNINGS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  list(LENGTH ARG_SOURCES source_count)
  if(source_count GREATER 2)
    target_precompile_headers(${name} PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  # As worker/tensor/passive_waiting.h: threads that spin make tests a hundred times slower on a machine that others use, too.
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT OMP_WAIT_POLICY=passive)
  foreach(label IN LISTS ARG_LABELS)
    if(label STREQUAL unit)
      add_dependencies(unit_tests ${name})
    endif()
    if(label MATCHES "^(unit|serial|grpc)$")
      add_dependencies(sanitized_tests ${name})
    endif()
  endforeach()
endfunction()
