# Third-party libraries, all from Debian packages. A library is linked by one room only; what each is for
# and why it was chosen stands in docs/architecture.md.
find_package(Threads REQUIRED)
find_package(BLAKE3 REQUIRED)

# Static archives where Debian ships them: the dynamic loader is a visible part of a 2 ms process start.
function(cortex_static_library target archive header)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  find_library(${target}_LIBRARY NAMES lib${archive}.a ${archive} REQUIRED)
  add_library(${target} INTERFACE IMPORTED)
  target_include_directories(${target} SYSTEM INTERFACE "${${target}_INCLUDE}")
  target_link_libraries(${target} INTERFACE "${${target}_LIBRARY}" Threads::Threads ${CMAKE_DL_LIBS} m)
endfunction()

cortex_static_library(cortex_sqlite3 sqlite3 sqlite3.h)
cortex_static_library(cortex_sodium sodium sodium.h)
cortex_static_library(cortex_openssl crypto openssl/sha.h)
cortex_static_library(cortex_stemmer stemmer libstemmer.h)
cortex_static_library(cortex_utf8proc utf8proc utf8proc.h)

# Headers only: the library is loaded by the first request (src/net/curl_http.cc).
find_path(CURL_INCLUDE curl/curl.h REQUIRED PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE})
add_library(cortex_curl_headers INTERFACE IMPORTED)
target_include_directories(cortex_curl_headers SYSTEM INTERFACE "${CURL_INCLUDE}")
target_link_libraries(cortex_curl_headers INTERFACE ${CMAKE_DL_LIBS})

if(CORTEX_TESTS)
  find_package(GTest REQUIRED)
endif()
