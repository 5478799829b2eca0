# Whole builds in half the time: the standard headers that most files need are parsed once for the program and once, with
# GoogleTest, for the tests; the sources of a room are compiled several at a time. Headers of ours are not precompiled: a
# change of one must not build everything. The presets without it are for work on one file, and find includes that are
# missing. Private names of files that are compiled together meet: each says what it belongs to (recall_refused).
option(CORTEX_FAST_BUILD "Precompile the standard headers, compile sources together" OFF)
set(cortex_unity_batch 8)

# Optimising code that runs once costs more than it gives. Sanitizer builds are -O1 as a whole.
set(cortex_test_options $<$<CONFIG:Release>:-O1>
  $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>>:-Wno-maybe-uninitialized>)

if(CORTEX_FAST_BUILD)
  set(headers <algorithm> <array> <cstdint> <functional> <map> <memory> <optional> <set> <span> <string> <string_view>
    <unordered_map> <utility> <vector>)
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/pch.cc" CONTENT "")
  add_library(cortex_pch_program OBJECT "${CMAKE_BINARY_DIR}/pch.cc")
  target_link_libraries(cortex_pch_program PRIVATE cortex_options)
  target_precompile_headers(cortex_pch_program PRIVATE ${headers})
  if(CORTEX_TESTS)
    add_library(cortex_pch_test OBJECT "${CMAKE_BINARY_DIR}/pch.cc")
    set_target_properties(cortex_pch_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)  # code of programs, not of libraries
    target_compile_options(cortex_pch_test PRIVATE -fPIE ${cortex_test_options})
    target_link_libraries(cortex_pch_test PRIVATE cortex_options GTest::gmock GTest::gtest)
    target_precompile_headers(cortex_pch_test PRIVATE <gmock/gmock.h> <gtest/gtest.h> ${headers})
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # gcc 12 judges the bounds of moved strings wrongly at -O1 and with precompiled headers.
    target_compile_options(cortex_options INTERFACE -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
endif()

# cortex_fast_build(TARGET program|test)
function(cortex_fast_build target kind)
  if(kind STREQUAL test)
    target_compile_options(${target} PRIVATE ${cortex_test_options})
  endif()
  if(CORTEX_FAST_BUILD)
    target_precompile_headers(${target} REUSE_FROM cortex_pch_${kind})
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${cortex_unity_batch})
  endif()
endfunction()
