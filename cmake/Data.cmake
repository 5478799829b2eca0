# cortex_data(ROOM FILE HEADER FUNCTION)
#
# Makes the bytes of the text file FILE (at most 16 KiB, no longer literal is portable) a part of the room's library:
# the function std::string_view cortex::<room>::FUNCTION(), which HEADER declares.
function(cortex_data room file header function)
  set(CORTEX_DATA_ROOM ${room})
  set(CORTEX_DATA_FILE ${file})
  set(CORTEX_DATA_HEADER ${header})
  set(CORTEX_DATA_FUNCTION ${function})
  file(READ "${CMAKE_CURRENT_SOURCE_DIR}/${file}" CORTEX_DATA_TEXT)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${function}.cc")
  configure_file("${CMAKE_SOURCE_DIR}/cmake/data.cc.in" "${source}" @ONLY)
  target_sources(cortex_${room} PRIVATE "${source}")
endfunction()
