# Flags for our own code. Third-party code is built with its own (Dependencies.cmake).
add_library(cortex_options INTERFACE)

target_compile_options(cortex_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wcast-qual
  -Wnon-virtual-dtor -Woverloaded-virtual -Wdouble-promotion -Wformat=2 -Wimplicit-fallthrough
  -Wundef -Wmissing-declarations -Wswitch-enum
  $<$<BOOL:${CORTEX_WERROR}>:-Werror>
  # gcc 12 reports "a" + std::string as overlapping copies (GCC bug 105329).
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wno-restrict>)

# Hardening stays on in release: the program reads files that others wrote.
target_compile_definitions(cortex_options INTERFACE
  $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2> _GLIBCXX_ASSERTIONS)
target_compile_options(cortex_options INTERFACE
  -fstack-protector-strong -fstack-clash-protection -fcf-protection
  $<$<CXX_COMPILER_ID:GNU>:-ftrivial-auto-var-init=zero>)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
target_link_options(cortex_options INTERFACE -Wl,-z,relro,-z,now)

# Floating point: ledger numbers are read with plain double arithmetic (spec: no fused operations).
target_compile_options(cortex_options INTERFACE -ffp-contract=off)

if(CORTEX_SANITIZE)
  add_compile_options(-fsanitize=${CORTEX_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CORTEX_SANITIZE})
  # gcc 12 takes the sanitizers' own temporaries for uninitialised ones.
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
  if(CORTEX_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

find_program(CORTEX_MOLD mold)
if(CORTEX_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CORTEX_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()
