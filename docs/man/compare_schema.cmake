# cmake -DPROGRAM= -DEXPECT= -P compare_schema.cmake: fails unless the file holds what
# `health-responder check-config --schema` prints.
execute_process(COMMAND ${PROGRAM} check-config --schema OUTPUT_VARIABLE printed
                COMMAND_ERROR_IS_FATAL ANY)
file(READ ${EXPECT} expected)
if(NOT printed STREQUAL expected)
  message(FATAL_ERROR "${EXPECT} is old; write it again: check-config --schema >docs/config.schema.json")
endif()
