/* All checks of a file: those that follow from the path, then those of checks[]. */
#ifndef CONFIG_CHECKS_INTERNAL_H
#define CONFIG_CHECKS_INTERNAL_H

struct loader;

/* Read them into loader->config, whose other parts are complete. Adds the errors. */
void checks_read(struct loader *loader);

#endif
