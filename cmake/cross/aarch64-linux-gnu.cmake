# Building for arm64 on another Debian: clang with Debian's own libraries for arm64 (multiarch; tools/cross_packages.sh
# installs them), and no second compiler. What is built can be run here by qemu's user mode.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_CXX_COMPILER_TARGET aarch64-linux-gnu)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

# Headers and libraries of arm64 lie beside this machine's in the same folders; pkg-config must not find this machine's.
set(PKG_CONFIG_EXECUTABLE /usr/bin/pkg-config CACHE FILEPATH "pkg-config")
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig)

find_program(VOUCH_QEMU_AARCH64 qemu-aarch64-static qemu-aarch64)
if(VOUCH_QEMU_AARCH64)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${VOUCH_QEMU_AARCH64}")  # of ctest, and of `vouchd --help` for the manual pages
endif()
