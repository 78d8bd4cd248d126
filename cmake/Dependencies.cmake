# Libraries, all from Debian (tools/packages.sh names the packages and says what each is for).
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(PkgConfig REQUIRED)

# pkg-config throughout: the CMake config files of several of these packages differ between Debian 12 and 13.
pkg_check_modules(ldns REQUIRED IMPORTED_TARGET ldns)
pkg_check_modules(libevent REQUIRED IMPORTED_TARGET libevent_core libevent_extra libevent_pthreads libevent_openssl)
pkg_check_modules(yaml_cpp REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(spdlog REQUIRED IMPORTED_TARGET spdlog)
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET libnghttp2)
# QUIC: Debian packages ngtcp2's GnuTLS helper alone, and OpenSSL before 3.5 has no QUIC at all (docs/decisions/0008).
pkg_check_modules(quic REQUIRED IMPORTED_TARGET libngtcp2 libngtcp2_crypto_gnutls gnutls libnghttp3)
# The protocol of Redis alone; its own connections know no TLS in Debian 12 (docs/decisions/0020).
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(json REQUIRED IMPORTED_TARGET nlohmann_json)
pkg_check_modules(idn2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3)

add_library(vouch::ldns ALIAS PkgConfig::ldns)
add_library(vouch::libevent ALIAS PkgConfig::libevent)
add_library(vouch::yaml_cpp ALIAS PkgConfig::yaml_cpp)
add_library(vouch::spdlog ALIAS PkgConfig::spdlog)
add_library(vouch::nghttp2 ALIAS PkgConfig::nghttp2)
add_library(vouch::quic ALIAS PkgConfig::quic)
add_library(vouch::hiredis ALIAS PkgConfig::hiredis)
add_library(vouch::prometheus ALIAS PkgConfig::prometheus)
add_library(vouch::json ALIAS PkgConfig::json)
add_library(vouch::idn2 ALIAS PkgConfig::idn2)
add_library(vouch::sqlite ALIAS PkgConfig::sqlite)
