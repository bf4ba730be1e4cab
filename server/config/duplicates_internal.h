/* Keys that stand twice in one object, which JSON allows and a configuration must not. */
#ifndef CONFIG_DUPLICATES_INTERNAL_H
#define CONFIG_DUPLICATES_INTERNAL_H

struct schema_reader;

/* Add an error for every key of reader->text that repeats one of its object. */
void duplicates_report(struct schema_reader *reader);

#endif
