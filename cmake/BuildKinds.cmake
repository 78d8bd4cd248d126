# What a build is for. The presets (CMakePresets.json) choose; the flags themselves live here, so that a build
# configured by hand with -DCMAKE_BUILD_TYPE=Debug is the same build.
include(CheckCXXCompilerFlag)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug or RelWithDebInfo" FORCE)
endif()
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")                     # assertions on; -O1, or coroutines drown in their own frames
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")  # -g1: backtraces with lines, a third of the size of -g

set(VOUCH_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize= (for example address,undefined)")
option(VOUCH_FUZZ "Build tests/fuzz as libFuzzer programs (clang only)" OFF)
option(VOUCH_HARDEN "Hardening flags for what faces the network" OFF)
option(VOUCH_LTO "Link-time optimisation of vouchd (clang: ThinLTO)" OFF)

if(VOUCH_SANITIZE)
  add_compile_options("-fsanitize=${VOUCH_SANITIZE}" -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options("-fsanitize=${VOUCH_SANITIZE}")
endif()

if(VOUCH_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "The fuzz build needs clang (libFuzzer). Remedy: apt-get install clang-19 lld-19, then cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)  # coverage counters everywhere; libFuzzer's main only in the fuzzers
endif()

# _GLIBCXX_ASSERTIONS: an index out of range ends the process instead of reading a neighbour's memory.
if(VOUCH_HARDEN OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

if(VOUCH_HARDEN)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong)
  foreach(flag IN ITEMS -fstack-clash-protection -fcf-protection=full -mbranch-protection=standard)  # by architecture
    string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
    set(CMAKE_REQUIRED_FLAGS -Werror)
    check_cxx_compiler_flag("${flag}" ${have})
    unset(CMAKE_REQUIRED_FLAGS)
    if(${have})
      add_compile_options("${flag}")
    endif()
  endforeach()
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)  # full RELRO
endif()

if(VOUCH_LTO)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-flto=thin)
    add_link_options(-flto=thin "-Wl,--thinlto-cache-dir=${CMAKE_BINARY_DIR}/thinlto")
    # An llvm-ar of another version, which CMake may have found, refuses these objects. binutils' takes them as they come,
    # without an index, and lld reads such archives all the same.
    string(REGEX MATCH "^[0-9]+" clang_major "${CMAKE_CXX_COMPILER_VERSION}")
    foreach(tool IN ITEMS ar ranlib)
      string(TOUPPER "${tool}" TOOL)
      find_program(VOUCH_LTO_${TOOL} NAMES llvm-${tool}-${clang_major} ${tool} REQUIRED)
      set(CMAKE_${TOOL} "${VOUCH_LTO_${TOOL}}")
    endforeach()
  else()
    add_compile_options(-flto=auto -fno-fat-lto-objects)
    add_link_options(-flto=auto)
  endif()
endif()
