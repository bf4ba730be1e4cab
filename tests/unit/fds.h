/* Descriptor leaks: pass fds_setup and fds_teardown to cmocka_run_group_tests. A group
 * that leaves more (or fewer) descriptors open than it found fails. */
#ifndef TESTS_UNIT_FDS_H
#define TESTS_UNIT_FDS_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Open descriptors of this process; prints what they are where `shown` is not NULL. */
static inline int fds_list(FILE *shown) {
    DIR *dir = opendir("/proc/self/fd");
    if (!dir) {
        perror("/proc/self/fd");
        exit(EXIT_FAILURE);
    }
    int count = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char link[300];
        char target[300];
        long fd = strtol(entry->d_name, NULL, 10);
        if (entry->d_name[0] == '.' || fd == dirfd(dir))
            continue;
        count++;
        snprintf(link, sizeof link, "/proc/self/fd/%ld", fd);
        ssize_t len = readlink(link, target, sizeof target - 1);
        target[len > 0 ? len : 0] = '\0';
        if (shown)
            fprintf(shown, "  %ld -> %s\n", fd, target);
    }
    closedir(dir);
    return count;
}

static inline int fds_count(void) {
    return fds_list(NULL);
}

/* The count that fds_setup saw. */
static inline int *fds_expected(void) {
    static int expected;
    return &expected;
}

static inline int fds_setup(void **state) {
    (void)state;
    *fds_expected() = fds_count();
    return 0;
}

/* Ends the process on a leak: cmocka 1.1.5 prints a failed group teardown and still
 * returns success. */
static inline int fds_teardown(void **state) {
    (void)state;
    int count = fds_count();
    if (count == *fds_expected())
        return 0;
    fprintf(stderr, "%d descriptors were open before the tests, %d are now:\n",
            *fds_expected(), count);
    fds_list(stderr);
    exit(EXIT_FAILURE);
}

#endif
