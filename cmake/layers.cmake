# hr_layer(NAME SOURCES a.c b.c LAYERS base model LIBRARIES PkgConfig::UV)
#
# One static library per layer. LAYERS are the only other layers it may use: a symbol from
# anywhere else does not link, and tests/lint/check_layers.py checks every #include line
# against the same table. LIBRARIES stay private: no header in include/ names a library's.
function(hr_layer name)
  cmake_parse_arguments(L "" "" "SOURCES;LAYERS;LIBRARIES" ${ARGN})
  add_library(hr_${name} STATIC ${L_SOURCES})
  target_link_libraries(hr_${name} PUBLIC hr_flags)
  foreach(layer IN LISTS L_LAYERS)
    target_link_libraries(hr_${name} PUBLIC hr_${layer})
  endforeach()
  target_link_libraries(hr_${name} PRIVATE ${L_LIBRARIES})
endfunction()

# hr_unit_test(NAME LAYERS base [SOURCES extra.c] [LIBRARIES ...] [WRAP malloc ...])
# Builds test_NAME.c of the current folder into one cmocka binary and registers it.
function(hr_unit_test name)
  cmake_parse_arguments(T "" "" "SOURCES;LAYERS;LIBRARIES;WRAP" ${ARGN})
  add_executable(test_${name} test_${name}.c ${T_SOURCES})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit)
  foreach(layer IN LISTS T_LAYERS)
    target_link_libraries(test_${name} PRIVATE hr_${layer})
  endforeach()
  foreach(symbol IN LISTS T_WRAP)
    target_link_options(test_${name} PRIVATE -Wl,--wrap=${symbol})
  endforeach()
  target_link_libraries(test_${name} PRIVATE hr_flags PkgConfig::CMOCKA ${T_LIBRARIES})
  add_test(NAME unit/${name} COMMAND test_${name})
  set_tests_properties(unit/${name} PROPERTIES LABELS unit TIMEOUT 60)
endfunction()
