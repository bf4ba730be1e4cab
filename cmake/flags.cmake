# Options that presets switch, and the interface target that carries compiler flags to every
# target of this project (and to none of its dependencies).

option(HR_TESTS "Build the tests" ON)
option(HR_WERROR "Treat warnings as errors" OFF)
option(HR_HARDEN "Hardening flags for a shipped binary" OFF)
option(HR_STATIC "Link one static binary" OFF)
option(HR_FUZZ "Build the fuzz targets with libFuzzer (clang)" OFF)
set(HR_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined")

add_library(hr_flags INTERFACE)
target_include_directories(hr_flags INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_compile_definitions(hr_flags INTERFACE _GNU_SOURCE HR_VERSION="${PROJECT_VERSION}")
target_compile_options(hr_flags INTERFACE
  -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes
  -Wold-style-definition -Wswitch-enum -Wvla -Wundef -Wwrite-strings -Wformat=2
  -Wcast-qual -Wnull-dereference -Wimplicit-fallthrough)
if(HR_WERROR)
  target_compile_options(hr_flags INTERFACE -Werror)
endif()
if(HR_SANITIZE)
  target_compile_options(hr_flags INTERFACE -fsanitize=${HR_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(hr_flags INTERFACE -fsanitize=${HR_SANITIZE})
endif()
if(HR_HARDEN)
  target_compile_options(hr_flags INTERFACE -fPIE -fstack-protector-strong
    -fstack-clash-protection -fcf-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  target_link_options(hr_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
if(HR_STATIC)
  target_link_options(hr_flags INTERFACE -static)
endif()
