# cortex_room(NAME SOURCES ... [TESTS ...] [TEST_DEPS ...] [DEPS rooms ...] [PRIVATE third-party ...])
#
# One folder, one namespace, one static library cortex_<name>, one unit-test program <name>_test. DEPS are the
# only rooms whose headers the room may include (checked again by tests/tidy). PRIVATE libraries are visible
# to this room's sources and to nobody else. TEST_DEPS are libraries of ours that only its tests use.
function(cortex_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;TESTS;TEST_DEPS;DEPS;PRIVATE" ${ARGN})
  add_library(cortex_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(cortex_${name} PUBLIC "${CMAKE_SOURCE_DIR}/src")
  list(TRANSFORM ROOM_DEPS PREPEND cortex_ OUTPUT_VARIABLE room_libraries)
  target_link_libraries(cortex_${name} PUBLIC ${room_libraries} PRIVATE cortex_options ${ROOM_PRIVATE})
  cortex_fast_build(cortex_${name} program)
  if(CORTEX_TESTS AND ROOM_TESTS)
    add_executable(${name}_test ${ROOM_TESTS})
    list(TRANSFORM ROOM_TEST_DEPS PREPEND cortex_ OUTPUT_VARIABLE test_libraries)
    target_link_libraries(${name}_test PRIVATE cortex_${name} ${test_libraries} cortex_options ${ROOM_PRIVATE}
      GTest::gmock GTest::gtest GTest::gtest_main)
    cortex_fast_build(${name}_test test)
    target_compile_definitions(${name}_test PRIVATE
      CORTEX_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data")
    add_test(NAME unit.${name} COMMAND ${name}_test --gtest_brief=1)
  endif()
endfunction()
