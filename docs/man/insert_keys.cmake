# cmake -DPROGRAM= -DTEMPLATE= -DOUTPUT= -P insert_keys.cmake: the template with @KEYS@
# replaced by what `health-responder check-config --man` prints.
execute_process(COMMAND ${PROGRAM} check-config --man OUTPUT_VARIABLE KEYS
                COMMAND_ERROR_IS_FATAL ANY)
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
