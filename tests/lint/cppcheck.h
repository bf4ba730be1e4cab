/* What cppcheck must know of libraries whose headers it does not read. Compiled nowhere.
 */
#define json_object_foreach(object, key, value)                                          \
    for ((key) = next_key(object), (value) = next_value(object); (key);                  \
         (key) = next_key(object))
