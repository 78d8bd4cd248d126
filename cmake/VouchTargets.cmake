# vouch_library(NAME [FOLDERS folder...] [DEPENDS target...] [EXCEPT file.cc...])
# One static library from every .cc of the calling folder, and of the FOLDERS below it; an INTERFACE library while there
# are headers only.
# EXCEPT names files that are a program's main and not part of the library.
function(vouch_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FOLDERS;DEPENDS;EXCEPT")
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  foreach(folder IN LISTS arg_FOLDERS)
    file(GLOB more CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc")
    list(APPEND sources ${more})
  endforeach()
  foreach(file IN LISTS arg_EXCEPT)
    list(REMOVE_ITEM sources "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  endforeach()
  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} PUBLIC ${arg_DEPENDS} Threads::Threads PRIVATE vouch_warnings)
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} INTERFACE ${arg_DEPENDS} Threads::Threads)
  endif()
endfunction()

# vouch_program(NAME MAIN LIBRARY): a program from one main file, once that file exists.
function(vouch_program name main)
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${main}")
    add_executable(${name} ${main})
    target_link_libraries(${name} PRIVATE ${ARGN} vouch_warnings)
  endif()
endfunction()

# vouch_links_of(OUT file...): our libraries that these files need, read from their #include lines. A fuzzer of the
# name parser then builds without the daemon, and nobody keeps a list by hand.
function(vouch_links_of out)
  set(links)
  foreach(file IN LISTS ARGN)
    file(STRINGS "${file}" lines REGEX "^#include \"(resolver/[a-z]+|transports|telemetry|conf|vouchctl)/")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^#include \"(resolver/)?([a-z]+)/.*" "vouch_\\2" link "${line}")
      list(APPEND links ${link})
    endforeach()
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARGN})  # a new #include may need a new library
  list(REMOVE_DUPLICATES links)
  set(${out} ${links} PARENT_SCOPE)
endfunction()
