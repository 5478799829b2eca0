# The standard headers that most files need, parsed once for the program and once, with GoogleTest, for the tests.
# Headers of ours stay out: a change of one must not build everything. The presets without CORTEX_PCH find includes that
# are missing.
option(CORTEX_PCH "Precompile the standard headers" OFF)

# Optimising code that runs once costs more than it gives. Sanitizer builds are -O1 as a whole.
set(cortex_test_options $<$<CONFIG:Release>:-O1>
  $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>>:-Wno-maybe-uninitialized>)

if(CORTEX_PCH)
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
  if(CORTEX_PCH)
    target_precompile_headers(${target} REUSE_FROM cortex_pch_${kind})
  endif()
endfunction()
