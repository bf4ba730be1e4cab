/* What the kernel says about this process. Reads a few files of /proc, so only the detail
 * port's thread may call it. */
#include "process_internal.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static int64_t resident_bytes(void) {
    BUF_AUTO struct buf text = {0};
    if (!file_read("/proc/self/statm", 256, &text, NULL))
        return -1;
    const char *second = strchr(text.data, ' '); /* "size resident shared ..." in pages */
    return second ? strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE) : -1;
}

static int open_fds(void) {
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return -1;
    int count = -1; /* the directory's own */
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static int64_t cpu_us(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return -1;
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static int max_fds(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT32_MAX)
        return -1;
    return (int)limit.rlim_cur;
}

void process_measure(struct metrics_process *process) {
    process->log_dropped = log_dropped();
    process->resident_bytes = resident_bytes();
    process->cpu_us = cpu_us();
    process->open_fds = open_fds();
    process->max_fds = max_fds();
}
