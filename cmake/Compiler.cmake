# Compilers that pass our coroutine trials: clang >= 19 and g++ >= 14 (docs/decisions/0001). g++ 12, Debian 12's own,
# miscompiles coroutines: its build would run and answer wrongly, so it is refused here and not merely warned about.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles C++ coroutines; Vouch needs clang 19 or g++ 14.\n"
    "On Debian 12:  apt-get install clang-19 lld-19    then  cmake --preset release\n"
    "On Debian 13:  apt-get install g++-14             then  cmake --preset release-gcc\n"
    "(./check and ./run do this by themselves.)")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 17)
  message(FATAL_ERROR
    "clang ${CMAKE_CXX_COMPILER_VERSION} is too old for Vouch, which needs clang 19 or g++ 14.\n"
    "Remedy:  apt-get install clang-19 lld-19    then  cmake --preset release")
elseif(NOT CMAKE_CXX_COMPILER_ID MATCHES "^(GNU|Clang)$")
  message(WARNING "Vouch is tested with clang 19 and g++ 14, not with ${CMAKE_CXX_COMPILER_ID}.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)  # newer CMake would run a scanner over every file; we have no modules
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_COLOR_DIAGNOSTICS ON)

# Programs that may be loaded anywhere. -fPIE and not -fPIC: all our libraries are static, and a call within a program
# then needs no detour through a table.
add_compile_options(-fPIE)
add_link_options(-pie)

add_library(vouch_warnings INTERFACE)
option(VOUCH_WERROR "Warnings are errors" ON)
target_compile_options(vouch_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow $<$<BOOL:${VOUCH_WERROR}>:-Werror>)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 14 sees writes past the end inside std::vector that cannot happen, in code that clang and the
  # sanitizers find sound: told, but no errors.
  target_compile_options(vouch_warnings INTERFACE
    -Wno-error=stringop-overflow -Wno-error=stringop-overread -Wno-error=array-bounds -Wno-error=maybe-uninitialized)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang 19 needs its own lld: bfd does not read its LTO objects, and lld links several times faster.
  string(REGEX MATCH "^[0-9]+" clang_major "${CMAKE_CXX_COMPILER_VERSION}")
  find_program(VOUCH_LLD NAMES ld.lld-${clang_major} ld.lld)
  if(VOUCH_LLD)
    add_link_options("--ld-path=${VOUCH_LLD}")
  endif()
endif()

# ccache makes a second build from clean nearly free; without it everything works, only slower.
find_program(VOUCH_CCACHE ccache)
if(VOUCH_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${VOUCH_CCACHE}")
endif()
